"""Where commands print: results on stdout (``--json`` for programs), everything else on stderr."""

from __future__ import annotations

from typing import Any

import msgspec
import typer
from rich.console import Console

facts = Console(highlight=False, soft_wrap=True)  # stdout
notes = Console(stderr=True, highlight=False)  # stderr


def print_json(fact: Any) -> None:
    """Print one fact as a line of JSON on stdout."""
    typer.echo(msgspec.json.encode(fact).decode())
