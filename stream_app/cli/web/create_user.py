"""``fairstream web create-user``: print a one-time link by which a new user sets a password."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from stream_app.cli.flags.settings import StateDir, read_settings
from stream_app.cli.web.flags import WebUrl
from stream_app.web_app.program import create_user as invite_user


class RoleName(StrEnum):
    """The roles, as the command line names them."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


def create_user(
    name: Annotated[str, typer.Argument(help="User name.", show_default=False)],
    *,
    role: Annotated[RoleName, typer.Option(help="Role of the user.")] = RoleName.VIEWER,
    web_url: WebUrl = None,
    state_dir: StateDir = None,
) -> None:
    """Print a one-time link by which a new user sets a password.

    The link works once, within 24 hours. Another link for the same name ends it.

    Example: fairstream web create-user ada --role auditor
    """
    settings = read_settings(state_dir=state_dir, web_url=web_url)
    typer.echo(invite_user(settings, name, role.value))  # on one line, whatever the width
