"""``fairstream report PACK``: a compliance bundle of a time range."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_app import __version__
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import FromRaw
from stream_app.cli.flags.settings import AppId, CommonFlags, Json, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.own_commands import OwnCommands
from stream_app.cli.replay.selection import select_model
from stream_app.cli.report.evidence import Subject, gather_evidence
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.pipeline.reports.bundle import Bundle, BundleHead, BundleManifest, make_bundle
from stream_app.policy import load_policy
from stream_app.programs.report.folder import save_bundle
from stream_app.programs.report.packs import load_pack


@dataclass(frozen=True)
class BundleRange:
    """The model and the time range of a bundle."""

    from_: Annotated[str, typer.Option("--from", metavar="TIME", help="Start: 2026-11-01T00:00:00Z, 30d ago.")]
    to: Annotated[str, typer.Option("--to", metavar="TIME", help="End, excluded; in the same forms.")]
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Model; required if the policy has several.", show_default=False),
    ] = None
    from_raw: FromRaw = True


@with_flags
def write_bundle(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Name of a pack, or its TOML file.", show_default=False)],
    *,
    selection: BundleRange,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="New folder of the bundle.")],
    flags: CommonFlags,
    app_id: AppId = None,
    as_json: Json = False,
) -> None:
    """Write a compliance bundle of a time range into a folder.

    A page that prints well, all values as CSV, all records as JSON, and a manifest with the digests of the files, the
    policy hash and the command that prints each number again. Groups of fewer than k decisions are withheld. With an
    audit log, an entry about the bundle is appended, and its proof is in the folder. A bundle states numbers and rules;
    it is no legal advice.

    Example: fairstream report pack nyc-ll144 --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --out november
    """
    asked = load_pack(pack)
    settings = read_settings(kafka=flags.kafka, policy=flags.policy, state_dir=flags.state_dir, app_id=app_id)
    now_s = time.time()
    model = select_model(load_policy(settings.policy), selection.model)
    from_s, to_s = parse_moment(selection.from_, now_s), parse_moment(selection.to, now_s)
    if to_s <= from_s:
        raise ConfigError("The time range ends before it starts", action="Give --from before --to")
    is_published = not selection.from_raw and model.output_topic is not None
    subject = Subject(
        settings.policy, model.name, model.attributes[0].name, _text(from_s), _text(to_s), is_published=is_published
    )
    head = BundleHead(
        pack=asked.name,
        pack_version=asked.version,
        last_reviewed=asked.last_reviewed.isoformat(),
        model=model.name,
        from_s=from_s,
        to_s=to_s,
        made_at=_text(now_s),
        policy_hash=model.hash(),
        code_version=__version__,
        command=shlex.join(["fairstream", "report", pack, *subject.words(), "--out", "FOLDER"]),
    )
    own = OwnCommands(settings)
    gathered = gather_evidence(asked, subject, own)
    bundle = make_bundle(head, asked, gathered, lambda command: own.complete(command, subject.flags()))
    _print(bundle, save_bundle(settings, bundle, out), out, as_json=as_json)


def _print(bundle: Bundle, manifest: BundleManifest, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(manifest)
        return
    facts.print(f"{bundle.pack.title}: {folder / 'report.html'}", markup=False)
    for section in bundle.sections:
        for check in section.checks:
            facts.print(f"  {check.state:<9} {check.text}", markup=False)
    states = Counter(check.state for section in bundle.sections for check in section.checks)
    if states:
        facts.print(", ".join(f"{n} {state}" for state, n in sorted(states.items())), markup=False)
    for one in bundle.evidence:
        if one.fault:
            notes.print(f"No evidence about {one.kind}: {one.fault}", markup=False)
    if manifest.audit is None:
        notes.print("There is no audit log, so nothing proves when this bundle was made: fairstream audit init")


def _text(time_s: float) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
