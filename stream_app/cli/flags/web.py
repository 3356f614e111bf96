"""Who may read the pages that a command serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.edges.web.access import WebAccess
from stream_app.settings import Settings


@dataclass(frozen=True)
class WebFlags:
    """Web configuration and bearer token."""

    web_config: Annotated[
        str | None,
        typer.Option(
            "--web-config",
            metavar="FILE",
            help="TLS and passwords: a web configuration file as Prometheus has it (FAIRSTREAM_WEB_CONFIG).",
            show_default=False,
        ),
    ] = None
    web_token_file: Annotated[
        str | None,
        typer.Option(
            "--web-token-file",
            metavar="FILE",
            help="File with a bearer token that clients must send (FAIRSTREAM_WEB_TOKEN_FILE).",
            show_default=False,
        ),
    ] = None


def web_access(settings: Settings) -> WebAccess:
    """Return the rules about access that the settings name.

    Raises:
        ConfigError: a file cannot be read or used.
        DependencyMissingError: the extra ``web`` is needed and not installed.
    """
    return WebAccess(settings.web_config, settings.web_token_file)
