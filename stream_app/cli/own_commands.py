"""Runs commands of FairStream in this process and reads what they print, so that a reader can print the same again."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import msgspec
from typer.core import TyperCommand, TyperGroup

from stream_app.cli.commands import CommandMenu, LazyCommand
from stream_app.cli.exits import Exit, exit_code_of
from stream_app.cli.flags.security import given_security
from stream_app.errors import FairStreamError
from stream_app.pipeline.reports.evidence import REPRODUCED, Evidence, EvidenceKind
from stream_app.settings import Settings

_PLACES = ("kafka", "policy", "state_dir", "app_id")  # settings that flags name; the others are in the environment


class OwnCommands:
    """Runs commands with the settings, and the flags of TLS and SASL, of the command that runs.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._security = settings, _words_of(given_security())

    def gather(self, kind: EvidenceKind, words: Sequence[str]) -> Evidence:
        """Run a command with ``--json`` and return what it prints as evidence; an error becomes its fault.

        Args:
            kind: What it is about.
            words: The command, without ``fairstream``.
        """
        try:
            exit_code, printed = self.run([*words, "--json"])
        except FairStreamError as error:
            return self.without(kind, words, error)
        records = tuple(msgspec.json.decode(line, type=dict[str, Any]) for line in printed.splitlines())
        return Evidence(
            kind=kind,
            command=_shown(words),
            is_reproduced=kind in REPRODUCED,
            exit_code=exit_code,
            records=records,
        )

    @staticmethod
    def without(kind: EvidenceKind, words: Sequence[str], error: FairStreamError) -> Evidence:
        """Return that a command could not run, and why."""
        return Evidence(
            kind=kind,
            command=_shown(words),
            is_reproduced=kind in REPRODUCED,
            exit_code=int(exit_code_of(error)),
            fault=error.message,
        )

    def run(self, words: Sequence[str]) -> tuple[int, str]:
        """Run a command; return its exit code and what it printed on standard output.

        Raises:
            FairStreamError: it ended with an error.
        """
        command, arguments = _resolve(words)
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(io.StringIO()):
            code = command.main(
                [*arguments, *self._added_to(command, arguments)], prog_name="fairstream", standalone_mode=False
            )
        return int(code or Exit.OK), printed.getvalue()

    @staticmethod
    def complete(command: str, flags: Mapping[str, str]) -> str:
        """Return a command of FairStream with those flags that it takes and that are not in it.

        Args:
            command: The command, as a shell takes it.
            flags: Values by flag.
        """
        program, *words = shlex.split(command)
        taken, _ = _resolve(words)
        known = {flag for parameter in taken.params for flag in parameter.opts}
        added = [part for flag, value in flags.items() if flag in known - set(words) for part in (flag, value)]
        return shlex.join([program, *words, *added])

    def _added_to(self, command: TyperCommand, arguments: Sequence[str]) -> list[str]:
        """Return the flags of the settings that a command takes and that are not among its arguments."""
        known = {flag for parameter in command.params for flag in parameter.opts}
        added: list[str] = []
        for name in _PLACES:
            flag = f"--{name.replace('_', '-')}"
            if flag in known and flag not in arguments:
                added += [flag, str(getattr(self._settings, name))]
        return added + (self._security if "--kafka" in known else [])


def _shown(words: Sequence[str]) -> str:
    return shlex.join(["fairstream", *words, "--json"])


def _resolve(words: Sequence[str]) -> tuple[TyperCommand, list[str]]:
    group: Any = CommandMenu()
    rest = list(words)
    while isinstance(group, TyperGroup):
        group = group.commands[rest.pop(0)]
    return group.load() if isinstance(group, LazyCommand) else group, rest


def _words_of(given: dict[str, str | bool]) -> list[str]:
    """Return flags of TLS and SASL as they were given."""
    words: list[str] = []
    for name, value in given.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", value]
    return words
