"""``fairstream local``: a broker on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.settings import START_TIMEOUT_S, StartTimeout, StateDir, read_settings
from stream_app.cli.output import notes
from stream_app.edges.files.installation import broker_folder
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.errors import BrokerUnavailableError

_POLL_S = 0.5


def kafka(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0: any free port.")] = 9092,
    state_dir: StateDir = None,
    heap_mb: Annotated[int, typer.Option(min=128, help="Maximum Java heap, MiB.")] = 384,
    start_timeout: StartTimeout = START_TIMEOUT_S,
) -> None:
    """Run Apache Kafka until Ctrl-C, SIGTERM or SIGHUP.

    Prints its address on stdout. The data stay in STATE_DIR/kafka, so a later start continues with them.

    Example: fairstream local kafka --port 9092
    """
    folder = broker_folder(Path(read_settings(state_dir=state_dir).state_dir))
    notes.print(f"Starting Apache Kafka in {folder}", markup=False)
    with LocalKafka(folder, port=port, heap_mb=heap_mb, start_timeout_s=start_timeout, note=notes.print) as broker:
        typer.echo(broker.bootstrap)
        notes.print(f"Kafka is ready; its log is {broker.log_path}. Press Ctrl-C to stop it.", markup=False)
        try:
            while broker.exit_code() is None:
                time.sleep(_POLL_S)
        except KeyboardInterrupt:
            notes.print("Stopping Kafka")
            return
        raise BrokerUnavailableError(f"The local Kafka stopped by itself. The end of its log:\n{broker.log_tail()}")
