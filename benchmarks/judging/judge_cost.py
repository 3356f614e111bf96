"""Measures the judge: a pane through all sequential tests, a window to results, the state."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import msgspec

from benchmarks.judging.panes import N_CELLS, cells_of, draw_panes, policy_of, timed
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.pairs import PairMonitor
from stream_app.pipeline.judge.verdicts.decisions import judge_window
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.results import Result, Span, encode_result

PANE_S, PANES_PER_WINDOW = 10, 6
WARM_UP_PANES = 18


class JudgeCost(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of the judge; medians of CPU time.

    Attributes:
        decisions_per_pane: On average.
        is_stratified: Whether the tests are stratified by segment.
        n_tests: Sequential tests, four for each pair.
        feed_ms: One pane through all tests.
        window_ms: One window of six panes to results.
        encode_ms: These results as JSON.
        state_ms: Taking the state of all tests.
        state_bytes: Its size.
    """

    decisions_per_pane: float
    is_stratified: bool
    n_tests: int
    feed_ms: float
    window_ms: float
    encode_ms: float
    state_ms: float
    state_bytes: int


def measure_judge(mean_n: float, *, is_stratified: bool, n_panes: int) -> JudgeCost:
    """Feed panes and judge the windows that they complete.

    Args:
        mean_n: Decisions of each cell in a pane, on average.
        is_stratified: As in the policy.
        n_panes: Panes after the warm-up.
    """
    model = policy_of(is_stratified=is_stratified)
    layout = layout_of(model)
    monitor = PairMonitor(model, layout)

    def judged(end_pane: int, cells: Cells) -> list[Result]:
        span = Span("1m", (end_pane - PANES_PER_WINDOW) * PANE_S, end_pane * PANE_S)
        context = WindowContext(span, 0, {"raw": {0: end_pane}}, "h", is_close=True)
        return judge_window(model, layout, cells, monitor.observe("1m", cells, is_close=True), context)

    def costs() -> Iterator[tuple[float, float, float]]:
        """Yield the cost of feeding a pane, and of judging and encoding the window that ends with it."""
        window: Cells = {}
        for number, rows in enumerate(draw_panes(WARM_UP_PANES + n_panes, mean_n), start=1):
            pane = cells_of(layout, rows)
            period = ClosedPeriod(number * PANE_S, (number + 1) * PANE_S, pane)
            feed_ms, _ = timed(lambda period=period: monitor.feed(period))  # type: ignore[misc]
            add_cells(window, pane)
            window_ms = encode_ms = 0.0
            if number % PANES_PER_WINDOW == 0:
                window_ms, results = timed(lambda at=number, cells=window: judged(at, cells))  # type: ignore[misc]
                encode_ms, _ = timed(lambda results=results: [encode_result(result) for result in results])  # type: ignore[misc]
                window = {}
            yield feed_ms, window_ms, encode_ms

    measured = list(costs())[WARM_UP_PANES:]
    state_ms, state = timed(monitor.state)
    return JudgeCost(
        decisions_per_pane=mean_n * N_CELLS,
        is_stratified=is_stratified,
        n_tests=4 * len(monitor.pairs),
        feed_ms=median(feed_ms for feed_ms, _, _ in measured),
        window_ms=median(window_ms for _, window_ms, _ in measured if window_ms),
        encode_ms=median(encode_ms for _, _, encode_ms in measured if encode_ms),
        state_ms=state_ms,
        state_bytes=len(state),
    )
