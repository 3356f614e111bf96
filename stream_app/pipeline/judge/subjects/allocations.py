"""Hours of areas: every window is judged by its own values, and nothing is tested over time.

Hours are not decisions about people: there is no chance whose evidence could be added up, so a window that is above the
limit is an alert by itself, and how long it lasts is the business of the rule in Prometheus.
"""

from __future__ import annotations

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.subjects.subject import (
    INSUFFICIENT,
    PUBLISHED,
    LookBack,
    Subject,
    WindowVerdicts,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.allocations import judge_allocations
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.policy import ModelPolicy


class AllocationsSubject:
    """A model of kind ``allocations``; a ``Subject``.

    Args:
        model: Its policy.
    """

    def __init__(self, model: ModelPolicy) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = False
        self._model, self._layout = model, layout_of(model)

    def continue_tests(self, former: Subject) -> ContinuedTests:
        """Return nothing: hours are not tested."""
        del former
        return ContinuedTests()

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Return no alert: hours are not tested."""
        del period, look_back
        return []

    def judge(self, cells: Cells, context: WindowContext) -> WindowVerdicts:
        """Compare the levels in a window, or over all time."""
        results = judge_allocations(self._model, self._layout, cells, context)
        is_any = any(level.of_means and level.of_means.value is not None for r in results for level in r.groups)
        return WindowVerdicts(disposition=PUBLISHED if is_any else INSUFFICIENT, allocation_results=results)

    def can_compare(self, cells: Cells) -> bool:
        """Return False: there are no comparison periods."""
        del cells
        return False

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return nothing: what is judged is in the counts."""
        return []

    def take_changes(self) -> list[tuple[StateKey, bytes]]:
        """Return nothing, likewise."""
        return []
