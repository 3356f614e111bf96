"""``fairstream keys``: the root keys of the pseudonyms. A worker never makes one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import Json, StateDir, notes, print_json, read_settings
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.files.key_file import add_key, create_key_file, key_file_path, load_keys
from stream_app.errors import ConfigError

keys = typer.Typer(no_args_is_help=True, help="Make and list the keys of the pseudonyms.")
app.add_typer(keys, name="keys")


@keys.command()
def init(state_dir: StateDir = None, json: Json = False) -> None:
    """Make the key file; refused when there is one.

    Example: fairstream keys init --state-dir /var/lib/fairstream
    """
    path = _path(state_dir)
    _print_key(create_key_file(path), json=json)
    notes.print(f"Wrote {path}. Back it up: without it no later event gets the pseudonym of an earlier one.")


@keys.command(name="list")
def list_keys(state_dir: StateDir = None, json: Json = False) -> None:
    """List key ids, from when they count, and fingerprints; never the keys."""
    for key in load_keys(_path(state_dir)):
        _print_key(key, json=json)


@keys.command()
def rotate(
    valid_from: Annotated[str, typer.Option("--from", help="First event time of the new key, ISO 8601 with offset.")],
    state_dir: StateDir = None,
    json: Json = False,
) -> None:
    """Begin a new key epoch at an event time; older events keep their pseudonyms.

    Example: fairstream keys rotate --from 2027-01-01T00:00:00Z
    """
    try:
        moment = datetime.fromisoformat(valid_from)
    except ValueError:
        raise ConfigError("--from is no ISO 8601 time", action="Example: 2027-01-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise ConfigError("--from has no offset", action="Example: 2027-01-01T00:00:00Z")
    _print_key(add_key(_path(state_dir), int(moment.timestamp())), json=json)
    notes.print("Restart the workers, so that all of them know the new key.")


def _path(state_dir: str | None) -> Path:
    return key_file_path(Path(read_settings(state_dir=state_dir).state_dir))


def _print_key(key: RootKey, *, json: bool) -> None:
    fact = {"kid": key.kid, "valid_from_s": key.valid_from_s, "fingerprint": key.fingerprint()}
    if json:
        print_json(fact)
    else:
        typer.echo(f"{key.kid}  from {key.valid_from_s}  sha256:{fact['fingerprint']}")
