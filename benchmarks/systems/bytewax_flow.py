"""Bytewax: one worker, tumbling windows of event time by cell, its recovery store on, a snapshot a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op  # type: ignore[import-not-found]  # in an environment of its own
import bytewax.operators.windowing as win  # type: ignore[import-not-found]  # the same
import msgspec
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSource  # type: ignore[import-not-found]  # the same
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow  # type: ignore[import-not-found]  # the same
from bytewax.recovery import RecoveryConfig, init_db_dir  # type: ignore[import-not-found]  # the same
from bytewax.testing import TestingSink, run_main  # type: ignore[import-not-found]  # the same

from benchmarks.systems.kernel import Decision, cell_of, pseudonymiser
from benchmarks.systems.task import PANE_S, Cell, Marks, Task

_BATCH = 1000
_MAX_SKEW = timedelta(seconds=60)  # how far the partitions may be apart; what comes later would not be counted


def main() -> None:
    """Read the input to its end."""
    task = Task.from_argv()
    marks = Marks(task.marks_path)
    decode, encode = msgspec.json.Decoder(Decision).decode, msgspec.json.Encoder().encode
    application = pseudonymiser(task.kid, task.keys["application"])
    applicant = pseudonymiser(task.kid, task.keys["applicant"])

    def read(message: Any) -> Decision:
        marks.first()
        event: Decision = decode(message.value)
        return event

    def cell(event: Decision) -> str:
        return f"{event.approved:d}|{event.gender}|{event.race}|{event.age_band}"

    def publish(event: Decision) -> Any:
        key = application(event.application_id)
        hidden = msgspec.structs.replace(event, application_id=key, applicant_id=applicant(event.applicant_id))
        return KafkaSinkMessage(key.encode(), encode(hidden))

    counted: list[tuple[str, tuple[int, int]]] = []  # cell, number of the pane, count
    flow = Dataflow("bench")
    source = KafkaSource([task.kafka], [task.topic], tail=False, batch_size=_BATCH)
    events = op.map("read", op.input("input", flow, source), read)
    clock = win.EventClock(lambda event: event.ts, wait_for_system_duration=_MAX_SKEW)
    panes = win.TumblingWindower(align_to=datetime(1970, 1, 1, tzinfo=UTC), length=timedelta(seconds=PANE_S))
    op.output("counts", win.count_window("count", events, clock, panes, cell).down, TestingSink(counted))
    kop.output("output", op.map("publish", events, publish), brokers=[task.kafka], topic=task.output_topic)
    store = Path(task.options["state_dir"])
    store.mkdir()
    init_db_dir(store, 1)
    run_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(store))
    marks.done({cell_at(pane, text): n for text, (pane, n) in counted})


def cell_at(pane: int, text: str) -> Cell:
    """Return the cell that a pane number and a key name."""
    approved, gender, race, age_band = text.split("|")
    return cell_of(pane, approved == "1", gender, race, age_band)


if __name__ == "__main__":
    main()
