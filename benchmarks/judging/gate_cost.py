"""Measures the judge as a worker runs it, with the release gate and without: the same partials, in turn.

Each pane arrives as a partial and ends with a flush: windows and running totals are judged, released and encoded, and
the changed entries of the state are written. The two judges differ in the gate alone and take turns pane by pane, so
what else the machine does falls on both: their ratio is the figure to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from benchmarks.judging.panes import cells_of, draw_panes, policy_of, timed
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.core.windows.tally_changes import StateKey
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.outcome_results import encode_any_result
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy

PANE_S, BEGIN_S = 10, 1_800_000_000
WARM_UP_PANES = 18


class GateCost(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of the judge with and without its release gate; CPU time of one thread.

    Attributes:
        name: Which counts were judged.
        decisions_per_pane: On average.
        n_panes: Panes that were measured.
        n_withheld: Results of which the gate withheld anything.
        with_ms: One pane with the gate, mean.
        without_ms: The same without.
        ratio: The former by the latter.
    """

    name: str
    decisions_per_pane: float
    n_panes: int
    n_withheld: int
    with_ms: float
    without_ms: float
    ratio: float


class OpenGate:
    """Releases everything and remembers nothing; in place of a ``ReleaseGate``."""

    def release(
        self, results: list[Result], cells: Cells, context: WindowContext, rejudge: Callable[[Cells], list[Result]]
    ) -> list[Result]:
        """Return the results as they are."""
        del cells, context, rejudge
        return results

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return nothing."""
        return []

    take_changes = state


def measure_gate(name: str, mean_n: float, *, n_panes: int) -> GateCost:
    """Judge panes with the gate and without.

    Args:
        name: Name of the counts.
        mean_n: Decisions of each of the 1,080 cells in a pane, on average.
        n_panes: Panes after the warm-up; 360 of them are the largest window, one hour.
    """
    model = policy_of(is_stratified=False)
    layout = layout_of(model)
    gated, open_ = ModelJudge(model, model.hash(), {}), ModelJudge(model, model.hash(), {})
    open_._subject._gate = OpenGate()  # type: ignore[attr-defined]  # noqa: SLF001  # of the decisions
    spent = [[0.0, 0.0]]
    n_withheld = n_decisions = 0
    for number, rows in enumerate(draw_panes(WARM_UP_PANES + n_panes, mean_n)):
        cells = cells_of(layout, rows)
        n_decisions += sum(row.n for row in rows)
        partial = partial_of(model, number, cells)
        turns: Sequence[tuple[int, ModelJudge]] = ((0, gated), (1, open_)) if number % 2 else ((1, open_), (0, gated))
        took = [0.0, 0.0]
        for place, judge in turns:
            took[place], results = timed(lambda judge=judge, partial=partial: judge_pane(judge, partial))  # type: ignore[misc]
            if place == 0 and number >= WARM_UP_PANES:
                n_withheld += sum(getattr(result, "withheld", msgspec.UNSET) is not msgspec.UNSET for result in results)
        spent.append([before + ms for before, ms in zip(spent[-1], took, strict=True)])
    begin, end = spent[WARM_UP_PANES], spent[-1]
    with_ms, without_ms = ((last - first) / n_panes for first, last in zip(begin, end, strict=True))
    assert all(before <= after for before, after in pairwise(total for total, _ in spent))
    return GateCost(
        name=name,
        decisions_per_pane=n_decisions / (WARM_UP_PANES + n_panes),
        n_panes=n_panes,
        n_withheld=n_withheld,
        with_ms=with_ms,
        without_ms=without_ms,
        ratio=with_ms / without_ms,
    )


def judge_pane(judge: ModelJudge, partial: Partial) -> list[Any]:
    """Take in a partial, end the transaction and encode what is published; return it."""
    judge.receive(partial)
    report, _ = judge.flush()
    for result in report.all_results:
        encode_any_result(result)
    return report.all_results


def partial_of(model: ModelPolicy, number: int, cells: Cells) -> Partial:
    """Return the partial of one pane, which closes with it."""
    start_s = BEGIN_S + number * PANE_S
    return Partial(
        model=model.name,
        layout_hash=model.layout_hash(),
        topic=model.topic,
        partition=0,
        n_partitions=1,
        next_offset=(number + 1) * 100_000,
        closed_before_s=start_s + PANE_S,
        max_event_s=start_s + 2 * PANE_S,
        is_idle=False,
        panes=(PanePartial(start_s, cells),),
        policy_hash=model.hash(),
    )
