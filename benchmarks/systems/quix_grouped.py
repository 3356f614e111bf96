"""Quix Streams as in its guide: exactly once, and state keyed by what is counted, through a repartition topic.

Quix keeps state by the record's key, so counting by cell needs ``group_by``: every event passes the broker once more.
``quix.py`` avoids that.
"""

from __future__ import annotations

from typing import Any

import msgspec
from quixstreams import Application  # type: ignore[import-not-found]  # in an environment of its own

from benchmarks.systems.kernel import Decision, cell_of, pseudonymizer
from benchmarks.systems.quix import Encode
from benchmarks.systems.task import PANE_S, Marks, Task


def main() -> None:
    """Read the input to its end."""
    task = Task.from_argv()
    marks = Marks(task.marks_path)
    app = Application(
        broker_address=task.kafka,
        consumer_group=task.run,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        processing_guarantee="exactly-once",
        state_dir=task.options["state_dir"],
        loglevel="WARNING",
    )
    source = app.topic(task.topic, key_deserializer="bytes", value_deserializer="bytes")
    output = app.topic(task.output_topic, key_serializer="str", value_serializer=Encode())
    decode = msgspec.json.Decoder(Decision).decode
    application = pseudonymizer(task.kid, task.keys["application"])
    applicant = pseudonymizer(task.kid, task.keys["applicant"])
    latest: dict[str, int] = {}  # latest content of the state, reported at the end
    n_left = task.n_events

    def read(value: bytes) -> Decision:
        marks.first()
        event = decode(value)
        event.application_id = application(event.application_id)
        event.applicant_id = applicant(event.applicant_id)
        return event

    def cell(event: Decision) -> str:
        pane = int(event.ts.timestamp()) // PANE_S
        return f"{pane}|{event.approved:d}|{event.gender}|{event.race}|{event.age_band}"

    def count(cell: str, state: Any) -> int:
        nonlocal n_left
        n: int = state.get("n", 0) + 1
        state.set("n", n)
        latest[cell] = n
        n_left -= 1
        if not n_left:
            app.stop()  # after a last checkpoint
        return n

    events = app.dataframe(source).apply(read)
    events.to_topic(output, key=lambda event: event.application_id)
    text: Any = dict.fromkeys(("value_deserializer", "key_deserializer", "value_serializer", "key_serializer"), "str")
    events.apply(cell).group_by(lambda key: key, name="cell", **text).apply(count, stateful=True)
    app.run()
    marks.done({cell_at(key): n for key, n in latest.items()})


def cell_at(text: str) -> Any:
    """Return the cell of a key."""
    pane, approved, *labels = text.split("|")
    return cell_of(int(pane), approved == "1", *labels)


if __name__ == "__main__":
    main()
