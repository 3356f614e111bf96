"""A stock Faust agent, as in its tutorial: a validated Record, a tumbling Table, a send per event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from datetime import datetime
from typing import Any

import faust

from benchmarks.systems.kernel import cell_of, pseudonymizer
from benchmarks.systems.task import PANE_S, Counts, Marks, Task


class Decision(faust.Record, serializer="json", coerce=True, validation=True):
    """A loan decision."""

    application_id: str
    applicant_id: str
    ts: datetime
    gender: str
    race: str
    age_band: str
    region: str
    product: str
    credit_score: int
    approved: bool


def stock_app(task: Task) -> faust.App:
    """Return an app with Faust's defaults, its web server off."""
    return faust.App(
        task.run,
        broker=f"kafka://{task.kafka}",
        datadir=task.options["state_dir"],
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=task.n_partitions,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
    )


def build(task: Task) -> faust.App:
    """Return the app with its agent."""
    app, marks = stock_app(task), Marks(task.marks_path)
    decisions = app.topic(task.topic, key_type=bytes, value_type=Decision)
    output = app.topic(task.output_topic, key_type=bytes, value_type=Decision)
    counts = app.Table("counts", default=int, partitions=task.n_partitions).tumbling(PANE_S)
    counts = counts.relative_to_field(Decision.ts)  # type: ignore[arg-type]  # a descriptor on the class
    application = pseudonymizer(task.kid, task.keys["application"])
    applicant = pseudonymizer(task.kid, task.keys["applicant"])
    n_left = task.n_events

    @app.agent(decisions)
    async def count(events: AsyncIterable[Decision]) -> None:
        nonlocal n_left
        async for event in events:
            marks.first()
            counts[event.approved, event.gender, event.race, event.age_band] += 1
            event.application_id = application(event.application_id)
            event.applicant_id = applicant(event.applicant_id)
            await output.send(key=event.application_id.encode(), value=event)
            n_left -= 1
            if not n_left:
                asyncio.ensure_future(finish(app, marks, lambda: windowed(counts)))  # noqa: RUF006 - the last

    return app


def windowed(counts: Any) -> Counts:
    """Return the contents of the tumbling Table."""
    return {cell_of(round(window[0]) // PANE_S, *labels): n for (labels, window), n in counts.table.data.items()}


async def finish(app: faust.App, marks: Marks, counts: Callable[[], Counts]) -> None:
    """Wait until outputs, Table changes and position are durable, and mark it; the harness then ends the program."""
    await app.producer.flush()
    await app.consumer.commit()
    marks.done(counts())


def run(app: faust.App) -> None:
    """Run an app until it gets a signal."""
    faust.Worker(app, loglevel="warn").execute_from_commandline()


if __name__ == "__main__":
    run(build(Task.from_argv()))
