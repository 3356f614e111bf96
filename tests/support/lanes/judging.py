"""Results of one window for tests of what shows them: the tests have seen its counts as one comparison period."""

from __future__ import annotations

import msgspec

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.pairs import PairMonitor
from stream_app.pipeline.judge.verdicts.decisions import judge_window
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.results import Result, Span
from stream_app.policy import ModelPolicy


def with_plain_rules(model: ModelPolicy) -> ModelPolicy:
    """Return a model whose windows are in breach by point values alone."""
    detection = msgspec.structs.replace(model.detection, plain_rules=True)
    return msgspec.structs.replace(model, detection=detection)


def judge_plainly(
    model: ModelPolicy, layout: CellLayout, cells: Cells, span: Span, *, revision: int = 0
) -> list[Result]:
    """Judge one window by the plain rules."""
    monitor = PairMonitor(model, layout)
    monitor.feed(ClosedPeriod(span.start_s, span.end_s, cells))
    observed = monitor.observe(span.window, cells, is_close=True)
    context = WindowContext(span, revision, {}, "h", is_close=True)
    return judge_window(with_plain_rules(model), layout, cells, observed, context)
