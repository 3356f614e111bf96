"""What ``fairstream keys --sealing`` does: the keys with which an auditor opens sealed alerts."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from stream_app.cli.output import notes, print_json
from stream_app.edges.files.key_file import BeforeChange
from stream_app.edges.keys.sealing_file import SealingFile, SealingKey

_DAY_S = 86_400


class SealingKeys:
    """The keys of an auditor, on the terminal.

    Args:
        state_dir: State folder of the auditor.
        before: Called with the id of a key before it is created or destroyed.
    """

    def __init__(self, state_dir: Path, before: BeforeChange) -> None:
        self._file = SealingFile(state_dir, before)

    def create(self, *, as_json: bool) -> None:
        """Create the file, and print the public key."""
        _print(self._file.create(), "active", as_json=as_json)
        notes.print(
            f"Created {self._file.path}. Back it up, and put the public key into `sealing.auditors` of the policy.",
            markup=False,
        )

    def add(self, *, as_json: bool) -> None:
        """Add a key, and print its public key."""
        _print(self._file.add(), "active", as_json=as_json)
        notes.print("Put the public key into the policy. Earlier keys still open what was sealed to them.")

    def show(self, *, as_json: bool) -> None:
        """List the keys: id, age and public key."""
        for remains in self._file.destroyed():
            if as_json:
                print_json({"kid": remains.kid, "state": "destroyed", "destroyed_s": remains.destroyed_s})
            else:
                typer.echo(f"{remains.kid}  destroyed")
        keys = self._file.load()
        for number, key in enumerate(keys, 1):
            _print(key, "active" if number == len(keys) else "verify-only", as_json=as_json)

    def destroy(self, kid: str, *, as_json: bool) -> None:
        """Destroy a key."""
        remains = self._file.destroy(kid)
        if as_json:
            print_json({"kid": remains.kid, "state": "destroyed", "destroyed_s": remains.destroyed_s})
        notes.print("Destroyed. What was sealed to this key alone can be opened by nobody. Destroy it in backups, too.")


def _print(key: SealingKey, state: str, *, as_json: bool) -> None:
    age_s = int(time.time()) - key.created_s
    if as_json:
        print_json({"kid": key.key.kid, "state": state, "age_s": age_s, "public": key.key.public})
    else:
        typer.echo(f"{key.key.kid}  {state:<11}  {age_s // _DAY_S} d old  {key.key.public}")
