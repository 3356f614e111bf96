"""``fairstream keys``: the root keys of the pseudonyms. A worker never creates one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.output import notes, print_json
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.files.key_file import add_key, create_key_file, key_file_path, load_keys
from stream_app.errors import ConfigError
from stream_app.policy.values.times import TimeFault, read_time


def init(state_dir: StateDir = None, as_json: Json = False) -> None:
    """Create the key file; an existing one is never replaced.

    Example: fairstream keys init --state-dir /var/lib/fairstream
    """
    path = _path(state_dir)
    _print_key(create_key_file(path), as_json=as_json)
    notes.print(
        f"Created {path}. Back it up: if it is lost, new pseudonyms will not match existing ones.", markup=False
    )


def list_keys(state_dir: StateDir = None, as_json: Json = False) -> None:
    """List key ids, validity and fingerprints, never the keys."""
    for key in load_keys(_path(state_dir)):
        _print_key(key, as_json=as_json)


def rotate(
    valid_from: Annotated[
        str,
        typer.Option("--from", metavar="TIME", help="First event time of the new key: ISO 8601 with offset, or now."),
    ],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Start a new key epoch at an event time.

    Older events keep their pseudonyms.

    Example: fairstream keys rotate --from 2027-01-01T00:00:00Z
    """
    _print_key(add_key(_path(state_dir), _moment_s(valid_from)), as_json=as_json)
    notes.print("Restart all workers so that they load the new key.")


def _moment_s(text: str) -> int:
    if text == "now":
        return int(time.time())
    moment = read_time(text)
    if isinstance(moment, TimeFault):
        fault = "has no UTC offset" if moment is TimeFault.NO_OFFSET else "is not an ISO 8601 time"
        raise ConfigError(f"--from {fault}", action="Example: 2027-01-01T00:00:00Z")
    return int(moment.timestamp())


def _path(state_dir: str | None) -> Path:
    return key_file_path(Path(read_settings(state_dir=state_dir).state_dir))


def _print_key(key: RootKey, *, as_json: bool) -> None:
    fact = {"kid": key.kid, "valid_from_s": key.valid_from_s, "fingerprint": key.fingerprint()}
    if as_json:
        print_json(fact)
    else:
        typer.echo(f"{key.kid}  from {key.valid_from_s}  sha256:{fact['fingerprint']}")
