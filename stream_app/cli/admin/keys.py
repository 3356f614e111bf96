"""``fairstream keys``: the root keys of the pseudonyms, and the keys of auditors. A worker never creates one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.admin.sealing_keys import SealingKeys
from stream_app.cli.flags.settings import Json, PolicyName, StateDir, read_settings
from stream_app.cli.output import notes, print_json
from stream_app.core.privacy.epochs import RELOAD_S, DestroyedKey, KeyEpoch, key_epochs, next_boundary_s
from stream_app.edges.files.key_file import (
    BeforeChange,
    KeyRing,
    add_key,
    create_key_file,
    destroy_key,
    ignore_change,
    key_file_path,
    load_key_ring,
)
from stream_app.errors import ConfigError
from stream_app.policy import Policy, load_policy
from stream_app.policy.values.times import TimeFault, read_time
from stream_app.programs.audit.events import EventKind, append_event, append_required
from stream_app.settings import Settings

_DAY_S = 86_400

Sealing = Annotated[
    bool, typer.Option("--sealing", help="An auditor's keys for sealed alerts, instead of the pseudonym keys.")
]


def init(state_dir: StateDir = None, sealing: Sealing = False, as_json: Json = False) -> None:
    """Create the key file; an existing one is never replaced.

    With --sealing it contains the private key of an auditor; the public key, for the policy, is printed.

    Example: fairstream keys init --state-dir /var/lib/fairstream
    """
    settings = read_settings(state_dir=state_dir)
    if sealing:
        SealingKeys(Path(settings.state_dir), _audited(settings, "key-created", "sealing")).create(as_json=as_json)
        return
    path = key_file_path(Path(settings.state_dir))
    create_key_file(path, _audited(settings, "key-created", "pseudonyms"))
    _print_keys(load_key_ring(path), as_json=as_json)
    notes.print(
        f"Created {path}. Back it up: if it is lost, new pseudonyms will not match existing ones.", markup=False
    )


def list_keys(state_dir: StateDir = None, sealing: Sealing = False, as_json: Json = False) -> None:
    """List key ids, epochs, states and fingerprints, never the keys."""
    folder = Path(read_settings(state_dir=state_dir).state_dir)
    if sealing:
        SealingKeys(folder, ignore_change).show(as_json=as_json)
    else:
        _print_keys(load_key_ring(key_file_path(folder)), as_json=as_json)


def rotate(
    begin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TIME",
            help="First event time of the new key: ISO 8601 with offset; now: the earliest.",
        ),
    ] = "now",
    incident: Annotated[
        bool, typer.Option("--incident", help="Begin inside open windows, at the end of a pane.")
    ] = False,
    state_dir: StateDir = None,
    policy: PolicyName = None,
    sealing: Sealing = False,
    as_json: Json = False,
) -> None:
    """Start a new key epoch at an event time.

    It begins where windows of the policy end, and late enough for running workers to read the new key, so no window
    contains two pseudonyms of one person. Older events keep their pseudonyms. With --sealing, create another key.

    Example: fairstream keys rotate --from 2027-01-01T00:00:00Z
    """
    settings = read_settings(state_dir=state_dir, policy=policy)
    if sealing:
        SealingKeys(Path(settings.state_dir), _audited(settings, "key-rotated", "sealing")).add(as_json=as_json)
        return
    path = key_file_path(Path(settings.state_dir))
    load_key_ring(path)  # first: a fault of the file is reported first
    boundary_s = _boundary_s(begin, load_policy(settings.policy), is_incident=incident)
    key = add_key(path, boundary_s, _audited(settings, "key-rotated", "pseudonyms", valid_from_s=boundary_s))
    now_s = int(time.time())
    for epoch in key_epochs(load_key_ring(path).keys, now_s):
        if epoch.key == key:
            _print_epoch(epoch, now_s, as_json=as_json)
    notes.print(
        f"Begins at {_utc(boundary_s)}. Workers that read this file notice it within a minute. Copy it to other"
        " machines, and restart workers that read it from Vault, before that time. Back it up.",
        markup=False,
    )


def destroy(
    kid: Annotated[str, typer.Argument(metavar="KID", help="Id of the key, as listed.")],
    confirmed: Annotated[bool, typer.Option("--yes", help="Destroy it; nothing restores it.")] = False,
    state_dir: StateDir = None,
    sealing: Sealing = False,
    as_json: Json = False,
) -> None:
    """Destroy the key of an epoch that has ended.

    What was published under it can then be linked to nobody. Replays still agree: events of that epoch are counted
    under a new key. Copies in backups have to be destroyed, too. Without an audit log no key is destroyed.

    Example: fairstream keys destroy abcd2345 --yes
    """
    if not confirmed:
        raise ConfigError(f"Nothing restores key {kid!r}", action="Confirm with --yes")
    settings = read_settings(state_dir=state_dir)
    folder = Path(settings.state_dir)
    if sealing:
        SealingKeys(folder, _audited(settings, "key-destroyed", "sealing")).destroy(kid, as_json=as_json)
        return
    before = _audited(settings, "key-destroyed", "pseudonyms")
    remains = destroy_key(key_file_path(folder), kid, int(time.time()), before)
    _print_remains(remains, int(time.time()), as_json=as_json)
    notes.print("Destroyed. Destroy it in backups, in Vault and on other machines, too.")


def _boundary_s(text: str, policy: Policy, *, is_incident: bool) -> int:
    """Return where a new key epoch begins.

    Raises:
        ConfigError: not there: a window is open, or workers could not know the key in time.
    """
    panes_s = [model.event_time.pane_s for model in policy.models]
    windows_s = [] if is_incident else [window.size_s for model in policy.models for window in model.windows]
    lengths_s = [*panes_s, *windows_s]
    lead_s = RELOAD_S + max(model.event_time.max_future_s for model in policy.models)
    earliest_s = next_boundary_s(time.time() + lead_s, lengths_s)
    if text == "now":
        return earliest_s
    moment = read_time(text)
    if isinstance(moment, TimeFault):
        fault = "has no UTC offset" if moment is TimeFault.NO_OFFSET else "is not an ISO 8601 time"
        raise ConfigError(f"--from {fault}", action="Example: 2027-01-01T00:00:00Z")
    time_s = int(moment.timestamp())
    if time_s < earliest_s:
        raise ConfigError(
            "--from is too early: running workers may count its events before they have the key",
            action=f"The earliest time is {_utc(earliest_s)}",
        )
    boundary_s = next_boundary_s(moment.timestamp(), lengths_s)
    if boundary_s != moment.timestamp():
        unit = "pane" if is_incident else "window"
        raise ConfigError(
            f"--from is inside a {unit}, which would contain two pseudonyms of one person",
            action=f"The next end of all is {_utc(boundary_s)}",
        )
    return time_s


def _audited(settings: Settings, kind: EventKind, use: str, **facts: int) -> BeforeChange:
    """Return what appends an entry about a key to the audit log; a key is destroyed only if there is one."""

    def append(kid: str) -> None:
        data = {"kid": kid, "use": use, **facts}
        if kind == "key-destroyed":
            append_required(settings, kind, [data])
        else:
            append_event(settings, kind, data)

    return append


def _print_keys(ring: KeyRing, *, as_json: bool) -> None:
    now_s = int(time.time())
    for remains in sorted(ring.destroyed, key=lambda key: key.valid_from_s):
        _print_remains(remains, now_s, as_json=as_json)
    for epoch in key_epochs(ring.keys, now_s):
        _print_epoch(epoch, now_s, as_json=as_json)


def _print_epoch(epoch: KeyEpoch, now_s: int, *, as_json: bool) -> None:
    key = epoch.key
    age_s = now_s - key.created_s if key.created_s else None
    if as_json:
        fact = {"kid": key.kid, "valid_from_s": key.valid_from_s, "valid_until_s": epoch.until_s}
        print_json(fact | {"state": epoch.state, "fingerprint": key.fingerprint(), "age_s": age_s})
    else:
        age = "" if age_s is None else f"  {age_s // _DAY_S} d old"
        typer.echo(f"{_head(key.kid, key.valid_from_s, key.fingerprint())}  {epoch.state}{age}")


def _print_remains(remains: DestroyedKey, now_s: int, *, as_json: bool) -> None:
    if as_json:
        fact = {"kid": remains.kid, "valid_from_s": remains.valid_from_s, "state": "destroyed"}
        print_json(fact | {"fingerprint": remains.fingerprint, "destroyed_s": remains.destroyed_s})
    else:
        age = f"{(now_s - remains.destroyed_s) // _DAY_S} d ago"
        typer.echo(f"{_head(remains.kid, remains.valid_from_s, remains.fingerprint)}  destroyed  {age}")


def _head(kid: str, valid_from_s: int, fingerprint: str) -> str:
    begin = "all times" if valid_from_s == 0 else _utc(valid_from_s)
    return f"{kid:<8}  from {begin:<20}  sha256:{fingerprint}"


def _utc(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
