"""The flags that every command shares, and the settings that they make.

Facts go to stdout (``--json`` for programs); everything else goes to stderr.
"""

from __future__ import annotations

import os
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from stream_app.settings import Settings, load_settings

Kafka = Annotated[
    str | None, typer.Option("--kafka", help="Bootstrap servers, host:port (FAIRSTREAM_KAFKA).", show_default=False)
]
PolicyName = Annotated[
    str | None,
    typer.Option("--policy", help="Shipped policy or a TOML file (FAIRSTREAM_POLICY).", show_default=False),
]
StateDir = Annotated[
    str | None,
    typer.Option("--state-dir", help="Folder for keys and local files (FAIRSTREAM_STATE).", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON lines.")]

facts = Console(highlight=False, soft_wrap=True)  # stdout
notes = Console(stderr=True, highlight=False)  # stderr


def bear_common_flags(kafka: Kafka = None, policy: PolicyName = None, state_dir: StateDir = None) -> None:
    """Do nothing: a command is made of this, and every other command takes its flags."""


def read_settings(**flags: Any) -> Settings:
    """Join flags with the environment. Flags that are ``None`` were not given."""
    return load_settings(os.environ, **flags)


def print_json(fact: Any) -> None:
    """Print one fact as a line of JSON on stdout."""
    typer.echo(msgspec.json.encode(fact).decode())
