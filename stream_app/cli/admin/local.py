"""``fairstream local``: what a server room would offer, on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import StateDir, notes, read_settings
from stream_app.errors import BrokerUnavailableError

local = typer.Typer(no_args_is_help=True, help="Run a real Kafka on this machine, without Docker.")
app.add_typer(local, name="local")

_POLL_S = 0.5


@local.callback()
def _group() -> None:
    """Keep ``kafka`` a subcommand while it is the only one."""


@local.command()
def kafka(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 9092,
    state_dir: StateDir = None,
    heap_mb: Annotated[int, typer.Option(min=128, help="Most Java heap, MiB.")] = 384,
) -> None:
    """Run Apache Kafka until Ctrl-C; print its address on stdout.

    The data stays in STATE_DIR/kafka, so a later start goes on with it.

    Example: fairstream local kafka --port 9092
    """
    from stream_app.edges.kafka.local.broker import LocalKafka  # noqa: PLC0415

    folder = Path(read_settings(state_dir=state_dir).state_dir) / "kafka"
    notes.print(f"Starting Apache Kafka on {folder}")
    with LocalKafka(folder, port=port, heap_mb=heap_mb, note=notes.print) as broker:
        typer.echo(broker.bootstrap)
        notes.print(f"Kafka is ready; its log is {broker.log_path}. Ctrl-C stops it.")
        try:
            while broker.exit_code() is None:
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            notes.print("Stopping Kafka")
            return
        raise BrokerUnavailableError(f"The local Kafka ended by itself. The end of its log:\n{broker.log_tail()}")
