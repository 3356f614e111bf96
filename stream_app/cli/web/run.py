"""``fairstream web``: serve the pages until stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.exits import stop_signals
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import CommonFlags, read_settings
from stream_app.cli.output import notes
from stream_app.cli.web.flags import WebHost, WebPort, WebUrl
from stream_app.edges.host.logs import start_logging
from stream_app.policy import load_policy
from stream_app.web_app.program import run


@with_flags
def run_web(
    *,
    web_host: WebHost = None,
    web_port: WebPort = None,
    web_url: WebUrl = None,
    demo: Annotated[str | None, typer.Option(hidden=True)] = None,
    flags: CommonFlags,
) -> None:
    """Run the web application until Ctrl-C, SIGTERM or SIGHUP.

    Reads results and alerts into SQLite in the state folder, or into PostgreSQL (FAIRSTREAM_DATABASE_URL), and shows
    them. The first start prints a one-time link for the first administrator.

    Example: fairstream web run --kafka broker:9092 --policy my-policy.toml
    """
    settings = read_settings(
        kafka=flags.kafka,
        policy=flags.policy,
        state_dir=flags.state_dir,
        web_host=web_host,
        web_port=web_port,
        web_url=web_url,
    )
    start_logging(settings.log_level)
    policy = load_policy(settings.policy)

    def report(address: str, link: str) -> None:
        notes.print(f"Web application on {address}", markup=False)
        if link:
            notes.print("Create the first administrator, within 24 hours:")
            typer.echo(link, err=True)  # on a line of its own, whatever the width

    run(settings, policy, stop_signals(), report, demo=demo)
