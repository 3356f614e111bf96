"""The files of a run: results of each variant, the report, and the manifest that makes them a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stream_app import __version__
from stream_app.edges.run_folder import new_run, read_run
from stream_app.errors import DependencyMissingError
from stream_app.pipeline.disclosed import DisclosedResult, disclose_result
from stream_app.pipeline.replay.manifest import SCHEMA, Judged, Manifest, digest_of
from stream_app.pipeline.replay.ranges import Stretch, Variant
from stream_app.pipeline.replay.report import write_report
from stream_app.pipeline.replay.rows import columns_of, rows_of
from stream_app.wiring.replay_run import Ran
from stream_app.wiring.replay_sources import SourceChoice

REPORT = "report.html"


@dataclass(frozen=True)
class RunName:
    """What a run is called, and when it was made.

    Attributes:
        run: Its id, which becomes the name of its folder.
        made_at_s: Seconds since the epoch.
    """

    run: str
    made_at_s: float


@dataclass(frozen=True)
class Saved:
    """A run on disk.

    Attributes:
        path: Its folder.
        manifest: What it was made from.
        results: Disclosed results of each variant, by name.
        has_parquet: Whether Parquet files are among its files.
    """

    path: Path
    manifest: Manifest
    results: dict[str, list[DisclosedResult]]
    has_parquet: bool


def disclosed_of(ran: Ran, variants: Iterable[Variant], *, is_exact: bool) -> dict[str, list[DisclosedResult]]:
    """Hide what may not be seen of the results of each variant."""
    return {
        own.name: [
            disclose_result(result, 0 if is_exact else own.model.privacy.k) for result in ran.reports[own.name].results
        ]
        for own in variants
    }


def save(
    state_dir: Path,
    name: RunName,
    ran: Ran,
    variants: Sequence[Variant],
    results: Mapping[str, list[DisclosedResult]],
    stretch: Stretch,
    choice: SourceChoice,
    described: Mapping[str, dict[str, str]],
) -> Saved:
    """Write the folder of a run.

    Args:
        state_dir: Folder of the installation.
        name: What the run is called.
        ran: What it found.
        variants: What was judged, the original first.
        results: Disclosed results of each variant.
        stretch: The stretch that was judged.
        choice: The topic that was read.
        described: Settings of each what-if, by name of the variant.

    Raises:
        ConfigError: the folder exists already, or cannot be written.
    """
    model = variants[0].model
    judged = tuple(
        Judged(
            name=own.name,
            policy_hash=own.policy_hash,
            k=results[own.name][0].k if results[own.name] else own.model.privacy.k,
            n_results=len(results[own.name]),
            digest=digest_of(results[own.name]),
            settings=described.get(own.name, {}),
        )
        for own in variants
    )
    manifest = Manifest(
        schema=SCHEMA,
        run=name.run,
        made_at=datetime.fromtimestamp(name.made_at_s, UTC).isoformat(timespec="seconds"),
        code_version=__version__,
        model=model.name,
        topic=choice.topic_of(model),
        source=choice.kind,
        from_s=_finite(stretch.from_s),
        to_s=_finite(stretch.to_s),
        begins=ran.begins,
        ends=ran.ends,
        n_records=ran.n_records,
        n_counted=ran.fates.n_counted,
        variants=judged,
    )
    has_parquet = True
    with new_run(state_dir, name.run) as folder:
        for number, variant in enumerate(judged):
            found = results[variant.name]
            folder.write(f"results-{number}.jsonl", b"".join(msgspec.json.encode(own) + b"\n" for own in found))
            try:
                columns = columns_of(rows_of(found, variant=variant.name))
                folder.write_parquet(f"results-{number}.parquet", columns)
            except DependencyMissingError:
                has_parquet = False
        folder.write(REPORT, write_report(manifest, results, {own.name: own.model for own in variants}))
        folder.finish(manifest)
        return Saved(folder.path, manifest, dict(results), has_parquet)


def load(state_dir: Path, run: str) -> Saved:
    """Read a run back.

    Raises:
        ConfigError: there is no such run, or it is not whole.
    """
    path, manifest = read_run(state_dir, run)
    results = {
        own.name: [
            msgspec.json.decode(line, type=DisclosedResult)
            for line in (path / f"results-{number}.jsonl").read_bytes().splitlines()
        ]
        for number, own in enumerate(manifest.variants)
    }
    return Saved(path, manifest, results, (path / "results-0.parquet").exists())


def _finite(time_s: float) -> float | None:
    return None if time_s in (float("inf"), float("-inf")) else time_s
