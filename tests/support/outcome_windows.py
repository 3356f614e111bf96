"""Windows of outcomes for tests of what shows them: the tests have seen their counts as one comparison period."""

from __future__ import annotations

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.subjects.outcomes import OutcomesSubject
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW, Span
from stream_app.policy import load_policy
from tests.support.contracts.subject_cases import feed

MODEL = load_policy("credit").models[0]
GENDER = ("female", "male")


def came(start_s: int, good: tuple[int, int], n: int = 100, *, name: str = "1m") -> list[OutcomeResult]:
    """Return the results of a window in which outcomes of ``n`` approved women and men came."""
    layout = outcome_layout_of(MODEL)
    labels = dict(layout.dimensions)
    cells: Cells = {}
    for gender, k in zip(GENDER, good, strict=True):
        for outcome, count in (("favorable", k), ("unfavorable", n - k), ("awaited", 4 * n)):
            if count:
                wanted = {"gender": gender, "race": "white", "product": "auto", "decision": "favorable",
                          "score": "[0.7,0.8)", "outcome": outcome}  # fmt: skip
                code = layout.code_of(labels[dimension].index(wanted[dimension]) for dimension in labels)
                cells[code] = [count, count, 750_000 * count, 0]
    subject = OutcomesSubject(MODEL, {})
    feed(subject, ClosedPeriod(start_s, start_s + 60, cells))
    span, is_total = Span(name, start_s, start_s + 60), name == TOTAL_WINDOW
    context = WindowContext(span, 0, {}, "h", is_close=not is_total, is_published=is_total, is_between_windows=is_total)
    return subject.judge(cells, context).outcome_results
