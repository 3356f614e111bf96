"""Where the web application listens and stores."""

from __future__ import annotations

from typing import Annotated

import typer

WebHost = Annotated[
    str | None,
    typer.Option("--web-host", metavar="HOST", help="Address of the pages (FAIRSTREAM_WEB_HOST).", show_default=False),
]
WebPort = Annotated[
    int | None,
    typer.Option("--web-port", help="Port of the pages; 0: any free port (FAIRSTREAM_WEB_PORT).", show_default=False),
]
WebUrl = Annotated[
    str | None,
    typer.Option(
        "--web-url",
        metavar="URL",
        help="Address that people use, where a proxy is in front (FAIRSTREAM_WEB_URL).",
        show_default=False,
    ),
]
