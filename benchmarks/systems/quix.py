"""Quix Streams: a stateful function on RocksDB with its changelog, at least once, a commit per second.

This favors Quix: it keys state by the record's key, which differs for every event here, so a real program would send
everything through a repartition topic first. This program gives all records of a partition one key instead.
"""

from __future__ import annotations

from typing import Any

import msgspec
from quixstreams import Application  # type: ignore[import-not-found]  # in an environment of its own
from quixstreams.context import message_context  # type: ignore[import-not-found]  # the same
from quixstreams.models import Deserializer, Serializer  # type: ignore[import-not-found]  # the same

from benchmarks.systems.kernel import Decision, cell_of, pseudonymizer
from benchmarks.systems.task import PANE_S, Cell, Marks, Task


class OneKey(Deserializer):  # type: ignore[misc]  # untyped here
    """Reads every key as the same one."""

    def __call__(self, value: bytes, ctx: Any) -> str:  # noqa: ARG002 - the library's signature
        """Return the key."""
        return "all"


class Encode(Serializer):  # type: ignore[misc]  # untyped here
    """Writes a decision as JSON."""

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder().encode

    def __call__(self, value: Decision, ctx: Any) -> bytes:  # noqa: ARG002 - the library's signature
        """Return the JSON."""
        return self._encode(value)


def main() -> None:
    """Read the input to its end."""
    task = Task.from_argv()
    marks = Marks(task.marks_path)
    app = Application(
        broker_address=task.kafka,
        consumer_group=task.run,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        state_dir=task.options["state_dir"],
        loglevel="WARNING",
    )
    source = app.topic(task.topic, key_deserializer=OneKey(), value_deserializer="bytes")
    output = app.topic(task.output_topic, key_serializer="str", value_serializer=Encode())
    decode = msgspec.json.Decoder(Decision).decode
    application = pseudonymizer(task.kid, task.keys["application"])
    applicant = pseudonymizer(task.kid, task.keys["applicant"])
    latest: dict[tuple[int, str], int] = {}  # latest content of the state, reported at the end

    def count(value: bytes, state: Any) -> Decision:
        marks.first()
        event = decode(value)
        pane = int(event.ts.timestamp()) // PANE_S
        cell = f"{pane}|{event.approved:d}|{event.gender}|{event.race}|{event.age_band}"
        n = state.get(cell, 0) + 1
        state.set(cell, n)
        latest[message_context().partition, cell] = n
        event.application_id = application(event.application_id)
        event.applicant_id = applicant(event.applicant_id)
        return event

    stream = app.dataframe(source).apply(count, stateful=True)
    stream.to_topic(output, key=lambda event: event.application_id)
    app.run(count=task.n_events, collect=False)  # ends with a last checkpoint
    cells: dict[Cell, int] = {}
    for (_, text), n in latest.items():
        pane, approved, *labels = text.split("|")
        cell = cell_of(int(pane), approved == "1", *labels)
        cells[cell] = cells.get(cell, 0) + n
    marks.done(cells)


if __name__ == "__main__":
    main()
