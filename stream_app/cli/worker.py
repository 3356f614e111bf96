"""``fairstream worker``: count, judge and export until told to stop."""

from __future__ import annotations

import asyncio
import resource
import signal
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import Kafka, PolicyName, StateDir, notes, read_settings
from stream_app.errors import ConfigError
from stream_app.policy import load_policy


@app.command()
def worker(
    kafka: Kafka = None,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    roles: Annotated[str, typer.Option(help="What this worker does, by commas.")] = "ingest,judge,outcomes",
    app_id: Annotated[
        str | None, typer.Option("--app-id", help="Group of the workers that share the work (FAIRSTREAM_APP_ID).")
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", help="Port of /metrics, /livez, /readyz; 0 takes a free one.")
    ] = None,
) -> None:
    """Run a worker until Ctrl-C or SIGTERM. Start more of them to share the partitions.

    A worker that loses the broker waits for it. It ends with 2 when a setting, key file or topic is wrong, with 70
    when stored state does not fit, with 71 when a lane cannot go on.

    Example: fairstream worker --kafka broker:9092 --policy my-policy.toml
    """
    from stream_app.edges.files.key_file import key_file_path, load_keys  # noqa: PLC0415  # other commands start faster
    from stream_app.edges.host.logs import start_logging  # noqa: PLC0415
    from stream_app.programs.worker.lane_builder import ROLES  # noqa: PLC0415
    from stream_app.programs.worker.serve import serve  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, state_dir=state_dir, app_id=app_id, metrics_port=metrics_port)
    wanted = [role.strip() for role in roles.split(",")]
    if unknown := [role for role in wanted if role not in ROLES]:
        raise ConfigError(f"No role {unknown[0]!r}", action="Known: " + ", ".join(ROLES))
    start_logging(settings.log_level)
    watched = load_policy(settings.policy)
    keys = load_keys(key_file_path(Path(settings.state_dir)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold keys and identifiers

    async def run() -> None:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await serve(
            settings,
            watched,
            keys,
            wanted,
            stopping,
            on_started=lambda port: notes.print(
                f"Worker {settings.app_id}: {', '.join(wanted)} from {settings.kafka}; "
                f"metrics on http://{settings.metrics_host}:{port}/metrics"
            ),
        )

    asyncio.run(run())
