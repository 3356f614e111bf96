"""Counts that are published: nothing is tested, each window is published once and without offsets."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.subjects.subject import (
    PUBLISHED,
    SUPPRESSED,
    LookBack,
    Subject,
    WindowVerdicts,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.aggregates import publish_counts
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.policy import ModelPolicy


class CountsSubject:
    """A model of kind ``counts``; a ``Subject``.

    Args:
        model: Its policy.
    """

    def __init__(self, model: ModelPolicy) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = True
        self._model, self._layout = model, layout_of(model)

    def continue_tests(self, former: Subject) -> ContinuedTests:
        """Return nothing: counts are not tested."""
        del former
        return ContinuedTests()

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Return no alert: counts are not tested."""
        del period, look_back
        return []

    def judge(self, cells: Cells, context: WindowContext) -> WindowVerdicts:
        """Publish the counts of a window that closes; a window that is judged again has no verdicts."""
        if not context.is_close:
            return WindowVerdicts()
        publication = publish_counts(self._model, self._layout, cells, context.span, policy_hash=context.policy_hash)
        return WindowVerdicts(
            disposition=PUBLISHED if publication.aggregate else SUPPRESSED,
            aggregate=publication.aggregate,
            n_small=publication.n_small,
            n_complementary=publication.n_complementary,
        )

    def can_compare(self, cells: Cells) -> bool:
        """Return False: counts are not compared."""
        del cells
        return False

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return nothing: there is no state."""
        return []

    def take_changes(self) -> Sequence[tuple[StateKey, bytes | None]]:
        """Return nothing: there is no state."""
        return []
