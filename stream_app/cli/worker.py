"""``fairstream worker``: count, judge and export until stopped."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.exits import stop_signals
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import AppId, CommonFlags, read_settings
from stream_app.cli.flags.web import WebFlags, web_access
from stream_app.cli.output import notes
from stream_app.edges.host.logs import start_logging
from stream_app.edges.keys.key_source import key_source_of
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.edges.otlp.options import read_otlp_options
from stream_app.errors import ConfigError
from stream_app.policy import load_policy
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.programs.worker.lane_builder import ROLES
from stream_app.programs.worker.serve import serve


@with_flags
def worker(
    *,
    roles: Annotated[str, typer.Option(help="Comma-separated list of roles.")] = "ingest,judge,outcomes",
    app_id: AppId = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            "--metrics-port",
            help="Port of /metrics, /livez and /readyz; 0: any free port (FAIRSTREAM_METRICS_PORT).",
            show_default=False,
        ),
    ] = None,
    web: WebFlags,
    flags: CommonFlags,
) -> None:
    """Run a worker until Ctrl-C, SIGTERM or SIGHUP.

    Start several workers to share the partitions. A worker that loses the broker waits for it. It ends with 2 if a
    setting, key file or topic is wrong, with 70 if stored state does not fit, with 71 if a lane cannot continue.

    Example: fairstream worker --kafka broker:9092 --policy my-policy.toml
    """
    settings = read_settings(
        kafka=flags.kafka,
        policy=flags.policy,
        state_dir=flags.state_dir,
        app_id=app_id,
        metrics_port=metrics_port,
        web_config=web.web_config,
        web_token_file=web.web_token_file,
    )
    role_names = [role.strip() for role in roles.split(",")]
    if unknown := [role for role in role_names if role not in ROLES]:
        raise ConfigError(f"Unknown role {unknown[0]!r}", action="Roles: " + ", ".join(ROLES))
    otlp = read_otlp_options(os.environ)
    start_logging(settings.log_level)
    access = web_access(settings)
    policy = load_policy(settings.policy)
    keys = WorkerKeys(key_source_of(settings), SuppressionFile(Path(settings.state_dir)))

    async def run() -> None:
        stopping = asyncio.Event()
        for number in stop_signals():
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await serve(
            settings,
            policy,
            keys,
            role_names,
            stopping,
            otlp=otlp,
            access=access,
            on_started=lambda port: notes.print(
                f"Worker {settings.app_id}: {', '.join(role_names)} from {settings.kafka}; "
                f"metrics on {access.scheme}://{settings.metrics_host}:{port}/metrics"
            ),
        )

    asyncio.run(run())
