"""``fairstream web rebuild``: store the topics again."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.flags.settings import StateDir, read_settings
from stream_app.cli.output import notes
from stream_app.errors import ConfigError
from stream_app.web_app.program import rebuild as rebuild_projection


def rebuild(
    *,
    is_confirmed: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    state_dir: StateDir = None,
) -> None:
    """Delete stored results and alerts, and read them again.

    What Kafka no longer retains is lost. Users and their roles stay. A running
    web application reads the topics again at once.

    Example: fairstream web rebuild --yes
    """
    settings = read_settings(state_dir=state_dir)
    if not is_confirmed and not typer.confirm("Delete what is stored and read it again from Kafka?"):
        raise ConfigError("Not confirmed, and nothing was deleted", action="Answer y, or give --yes")
    rebuild_projection(settings)
    notes.print("Deleted. The web application reads the topics again.")
