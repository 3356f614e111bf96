"""A Faust agent that takes 1,000 events at a time: counts added up per batch, one Table write per changed cell."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import faust

from benchmarks.systems.faust_agent import Decision, finish, run, stock_app
from benchmarks.systems.kernel import cell_of, pseudonymizer
from benchmarks.systems.task import PANE_S, Marks, Task

_BATCH = 1000


def build(task: Task) -> faust.App:
    """Return the app with its agent."""
    app, marks = stock_app(task), Marks(task.marks_path)
    decisions = app.topic(task.topic, key_type=bytes, value_type=Decision)
    output = app.topic(task.output_topic, key_type=bytes, value_type=Decision)
    # A batch holds several panes and partitions, and outside of a single event Faust knows neither: so the pane is in
    # the key, and the partitioner chooses where a change is written.
    counts = app.Table("counts", default=int, partitions=task.n_partitions, use_partitioner=True)
    application = pseudonymizer(task.kid, task.keys["application"])
    applicant = pseudonymizer(task.kid, task.keys["applicant"])
    n_left = task.n_events

    @app.agent(decisions)
    async def count(stream: Any) -> None:
        nonlocal n_left
        async for events in stream.take(_BATCH, within=0.5):
            marks.first()
            cells = Counter((int(e.ts.timestamp()) // PANE_S, e.approved, e.gender, e.race, e.age_band) for e in events)
            for cell, n in cells.items():
                counts[cell] += n
            for event in events:
                event.application_id = application(event.application_id)
                event.applicant_id = applicant(event.applicant_id)
                await output.send(key=event.application_id.encode(), value=event)
            n_left -= len(events)
            if not n_left:
                asyncio.ensure_future(  # noqa: RUF006 - the last
                    finish(app, marks, lambda: {cell_of(*cell): n for cell, n in counts.data.items()})
                )

    return app


if __name__ == "__main__":
    run(build(Task.from_argv()))
