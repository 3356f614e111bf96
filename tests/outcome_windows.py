"""Windows of outcomes for tests of what shows them: the tests have seen the window's counts as one pane."""

from __future__ import annotations

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.progress import ClosedPane
from stream_app.pipeline.judge.alerts import Stamp, Stretch
from stream_app.pipeline.judge.outcome_verdicts import OutcomeResult
from stream_app.pipeline.judge.results import Span
from stream_app.pipeline.judge.verdicts import Counted
from stream_app.pipeline.judge.watched_outcomes import WatchedOutcomes
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.policy import load_policy

MODEL = load_policy("credit").models[0]
GENDER = ("female", "male")


def came(start_s: int, good: tuple[int, int], n: int = 100, *, name: str = "1m") -> list[OutcomeResult]:
    """Return what is told of a window in which outcomes of ``n`` approved women and men came."""
    layout = outcome_layout_of(MODEL)
    labels = dict(layout.dimensions)
    cells: Cells = {}
    for gender, k in zip(GENDER, good, strict=True):
        for outcome, count in (("favourable", k), ("unfavourable", n - k), ("awaited", 4 * n)):
            if count:
                wanted = {"gender": gender, "race": "white", "product": "auto", "decision": "favourable",
                          "score": "[0.7,0.8)", "outcome": outcome}  # fmt: skip
                code = layout.code_of(labels[dimension].index(wanted[dimension]) for dimension in labels)
                cells[code] = [count, count, 750_000 * count, 0]
    watched = WatchedOutcomes(MODEL, {})
    watched.feed(ClosedPane(start_s, cells), lambda _: (Stretch(start_s, start_s + 10, cells), Stamp({}, "h")))
    counted = Counted(Span(name, start_s, start_s + 60), 0, {}, "h", is_close=True)
    return watched.tell(cells, counted).outcome_results
