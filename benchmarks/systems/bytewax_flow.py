"""Bytewax: one worker, tumbling windows of event time by cell, with its recovery store and a snapshot per second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

from benchmarks.systems.kernel import Decision, cell_of, pseudonymizer
from benchmarks.systems.task import PANE_S, Cell, Marks, Task

_BATCH = 1000
_MAX_SKEW = timedelta(seconds=60)  # how far the partitions may be apart; later events would not be counted


KeyOf = Callable[[Decision], str]
CellAt = Callable[[int, str, str], Cell]


def run_flow(counted_by: Mapping[str, KeyOf], cell_at: CellAt) -> None:
    """Read the input to its end.

    Args:
        counted_by: The windowed counts by name: the key of an event in each.
        cell_at: Cell of a pane number, the name of a count and a key.
    """
    task = Task.from_argv()
    marks = Marks(task.marks_path)
    decode, encode = msgspec.json.Decoder(Decision).decode, msgspec.json.Encoder().encode
    application = pseudonymizer(task.kid, task.keys["application"])
    applicant = pseudonymizer(task.kid, task.keys["applicant"])

    def read(message: Any) -> Decision:
        marks.first()
        event: Decision = decode(message.value)
        return event

    def publish(event: Decision) -> Any:
        key = application(event.application_id)
        hidden = msgspec.structs.replace(event, application_id=key, applicant_id=applicant(event.applicant_id))
        return KafkaSinkMessage(key.encode(), encode(hidden))

    counted: dict[str, list[tuple[str, tuple[int, int]]]] = {name: [] for name in counted_by}  # key, pane number, count
    flow = Dataflow("bench")
    source = KafkaSource([task.kafka], [task.topic], tail=False, batch_size=_BATCH)
    events = op.map("read", op.input("input", flow, source), read)
    clock = win.EventClock(lambda event: event.ts, wait_for_system_duration=_MAX_SKEW)
    panes = win.TumblingWindower(align_to=datetime(1970, 1, 1, tzinfo=UTC), length=timedelta(seconds=PANE_S))
    for name, key_of in counted_by.items():
        counts = win.count_window(f"count-{name}", events, clock, panes, key_of).down
        op.output(f"counts-{name}", counts, TestingSink(counted[name]))
    kop.output("output", op.map("publish", events, publish), brokers=[task.kafka], topic=task.output_topic)
    store = Path(task.options["state_dir"])
    store.mkdir()
    init_db_dir(store, 1)
    run_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(store))
    marks.done({cell_at(pane, name, key): n for name, rows in counted.items() for key, (pane, n) in rows})


def cross(event: Decision) -> str:
    """Return the key of the count by the cross of all attributes."""
    return f"{event.approved:d}|{event.gender}|{event.race}|{event.age_band}"


def cell_of_cross(pane: int, _: str, key: str) -> Cell:
    """Return the cell of a pane number and a key."""
    approved, gender, race, age_band = key.split("|")
    return cell_of(pane, approved == "1", gender, race, age_band)


if __name__ == "__main__":
    run_flow({"cross": cross}, cell_of_cross)
