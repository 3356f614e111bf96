"""Comparison periods that are tested: the same whatever the order of the reports, and every decision once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.core.windows.tally import Tally
from stream_app.core.windows.tally_changes import ClosedPeriod, ClosedWindow
from stream_app.pipeline.judge.subjects.subject import tally_config_of
from tests.support.fake_sources import LAYOUT, MODEL, Event, World, orders, worlds

PERIOD_S = 20  # the smallest window
NEVER_S = 1e9


def by_hand(events: Iterable[Event]) -> dict[int, dict[int, int]]:
    """Count decisions by period and cell, straight from the events."""
    periods: dict[int, Counter[int]] = {}
    for time_s, group, is_favorable in events:
        start_s = time_s // PERIOD_S * PERIOD_S
        periods.setdefault(start_s, Counter())[LAYOUT.code_of((group, 0 if is_favorable else 1))] += 1
    return {start_s: dict(counts) for start_s, counts in periods.items()}


def counts_of(cells: Cells) -> dict[int, int]:
    return {code: vector[0] for code, vector in cells.items()}


class Judged:
    """A tally that is fed, and the periods that it gave to the tests."""

    def __init__(self) -> None:
        self.tally = Tally(tally_config_of(MODEL))
        self.periods: list[ClosedPeriod] = []
        self.n_untested = 0
        self._parts: list[Partial] = []

    def receive(self, partial: Partial) -> None:
        self._parts.append(partial)
        if partial.part + 1 < partial.n_parts:
            return
        panes: dict[int, Cells] = {}
        for part in self._parts:
            for pane in part.panes:
                panes.setdefault(pane.start_s, {}).update({code: list(v) for code, v in pane.cells.items()})
        self._parts = []
        progress = SourceProgress(partial.next_offset, partial.closed_before_s, partial.max_event_s, partial.is_idle)
        source = SourcePartition(partial.topic, partial.partition)
        self._take(self.tally.apply(source, partial.n_partitions, progress, panes))

    def tick(self, now_s: float) -> None:
        self._take(self.tally.tick(now_s))

    def _take(self, closings: Iterable[ClosedPeriod | ClosedWindow]) -> None:
        self.periods += [closing for closing in closings if isinstance(closing, ClosedPeriod)]
        self.n_untested += self.tally.take_changes().n_untested


@given(data=st.data(), world=worlds())
def test_the_order_of_reports_does_not_change_what_is_tested(data: st.DataObject, world: World) -> None:
    judged = Judged()
    for partial in data.draw(orders(world)):
        judged.receive(partial)
    judged.tick(0.0)  # all are silent from here on
    judged.tick(NEVER_S)
    starts = [period.start_s for period in judged.periods]
    assert starts == sorted(set(starts))
    assert {period.start_s: counts_of(period.cells) for period in judged.periods} == by_hand(world.counted)
    assert judged.n_untested == 0


@given(data=st.data(), world=worlds())
def test_whatever_the_clock_does_a_decision_is_tested_once_or_counted_as_not_tested(
    data: st.DataObject, world: World
) -> None:
    judged, now_s = Judged(), 0.0
    for partial in data.draw(orders(world)):
        judged.receive(partial)
        now_s += data.draw(st.sampled_from((0.0, 1.0, 6.0, 100.0, 8000.0)))
        judged.tick(now_s)
    judged.tick(now_s)
    judged.tick(now_s + NEVER_S)
    tested = [n for period in judged.periods for n in counts_of(period.cells).values()]
    assert sum(tested) + judged.n_untested == len(world.counted)
    starts = [period.start_s for period in judged.periods]
    assert starts == sorted(set(starts))
