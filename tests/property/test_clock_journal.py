"""A judge that is driven by the journal says what the live one said, bit for bit."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.closing import Mark, Source
from stream_app.pipeline.journal import ClockEntry, decode_clock_entry
from stream_app.pipeline.model_judge import ModelJudge
from stream_app.pipeline.results import Result
from stream_app.topics import FAIRNESS_CLOCK
from tests.property.sources import POLICY, World, batch_of, new_judge, orders, results_of, worlds


def recount(world: World, offsets: dict[int, int], partition: int) -> dict[int, Cells]:
    """Count the panes of one partition below an offset, by taking its last flush that does not go beyond."""
    panes: dict[int, Cells] = {}
    for flush in world.flushes[partition]:
        if flush[-1].next_offset <= offsets.get(partition, 0):
            for part in flush:
                for pane in part.panes:
                    panes.setdefault(pane.start_s, {}).update(pane.cells)
    return panes


def drive(world: World, entries: list[ClockEntry]) -> list[Result]:
    judge = ModelJudge(POLICY.models[0], POLICY.hash(), {})
    topic = POLICY.models[0].topic
    results: list[Result] = []

    def count(offsets: dict[int, int]) -> None:
        for partition, next_offset in offsets.items():
            mark = Mark(next_offset, None, None, is_idle=False)
            judge.take(Source(topic, partition), len(world.flushes), mark, recount(world, offsets, partition))

    for entry in entries:
        for advance in entry.advances:
            count(advance.offsets[topic])
            judge.advance_to(advance.closed_before_s)
        count(entry.offsets[topic])
        results += judge.flush()[0].results
    return results


@given(data=st.data(), world=worlds())
def test_the_journal_repeats_every_result(data: st.DataObject, world: World) -> None:
    live = new_judge()
    outputs = []
    for number, partial in enumerate(data.draw(orders(world))):
        list(live.step(batch_of([partial])))
        outputs += live.flush(float(number), is_caught_up=True).outputs
    outputs += live.flush(1e6, is_caught_up=True).outputs
    entries = [decode_clock_entry(v) for o in outputs if o.topic == FAIRNESS_CLOCK for v in o.values if v]
    assert [entry.number for entry in entries] == list(range(len(entries)))
    assert msgspec.json.encode(drive(world, entries)) == msgspec.json.encode(results_of(outputs))
