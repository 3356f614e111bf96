"""Command lines that stand in files, parsed by the real commands."""

from __future__ import annotations

from typing import Any

import typer.main
from typer.core import TyperGroup

from stream_app.cli import app, load_commands
from stream_app.cli.commands import DefaultMenu


def parse(arguments: list[str]) -> None:
    """Parse a command line with the real commands, without running it; a mistake in it is a usage error."""
    load_commands()
    command: Any = typer.main.get_command(app)
    while isinstance(command, TyperGroup):
        arguments = command.with_default(arguments) if isinstance(command, DefaultMenu) else arguments
        _, command, arguments = command.resolve_command(typer.Context(command), arguments)
    command.make_context("fairstream", arguments)
