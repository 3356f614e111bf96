"""A stock Faust agent with one tumbling Table per attribute: the usual program for rates by group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from typing import Any

import faust

from benchmarks.systems.faust_agent import Decision, finish, run, stock_app
from benchmarks.systems.kernel import cell_of, pseudonymizer
from benchmarks.systems.task import PANE_S, Counts, Marks, Task


def build(task: Task) -> faust.App:
    """Return the app with its agent."""
    app, marks = stock_app(task), Marks(task.marks_path)
    decisions = app.topic(task.topic, key_type=bytes, value_type=Decision)
    output = app.topic(task.output_topic, key_type=bytes, value_type=Decision)
    genders, races, ages = (
        app.Table(name, default=int, partitions=task.n_partitions).tumbling(PANE_S).relative_to_field(Decision.ts)  # type: ignore[arg-type]  # a descriptor on the class
        for name in ("genders", "races", "ages")
    )
    application = pseudonymizer(task.kid, task.keys["application"])
    applicant = pseudonymizer(task.kid, task.keys["applicant"])
    n_left = task.n_events

    def counts() -> Counts:
        cells = {cell_of(pane, approved, label, "", ""): n for pane, approved, label, n in rows_of(genders)}
        cells |= {cell_of(pane, approved, "", label, ""): n for pane, approved, label, n in rows_of(races)}
        return cells | {cell_of(pane, approved, "", "", label): n for pane, approved, label, n in rows_of(ages)}

    @app.agent(decisions)
    async def count(events: AsyncIterable[Decision]) -> None:
        nonlocal n_left
        async for event in events:
            marks.first()
            genders[event.approved, event.gender] += 1
            races[event.approved, event.race] += 1
            ages[event.approved, event.age_band] += 1
            event.application_id = application(event.application_id)
            event.applicant_id = applicant(event.applicant_id)
            await output.send(key=event.application_id.encode(), value=event)
            n_left -= 1
            if not n_left:
                asyncio.ensure_future(finish(app, marks, counts))  # noqa: RUF006 - the last

    return app


def rows_of(table: Any) -> list[tuple[int, bool, str, int]]:
    """Return pane, decision, group and count of a tumbling Table."""
    return [(round(window[0]) // PANE_S, *labels, n) for (labels, window), n in table.table.data.items()]


if __name__ == "__main__":
    run(build(Task.from_argv()))
