"""Counts that are published: nothing is tested, each window is told once and without offsets."""

from __future__ import annotations

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPane, StateKey
from stream_app.pipeline.judge.subjects.subject import PUBLISHED, SUPPRESSED, LookBack, WindowVerdicts, tally_config_of
from stream_app.pipeline.judge.verdicts.aggregates import publish_counts
from stream_app.pipeline.judge.verdicts.decisions import WindowContext
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.policy import ModelPolicy


class CountsSubject:
    """A model of kind ``counts``; a ``Watched``.

    Args:
        model: Its policy.
    """

    def __init__(self, model: ModelPolicy) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = True
        self._model, self._layout = model, layout_of(model)

    def feed(self, pane: ClosedPane, look_back: LookBack) -> list[Alert]:
        """Find nothing: counts are not judged."""
        del pane, look_back
        return []

    def tell(self, cells: Cells, counted: WindowContext) -> WindowVerdicts:
        """Publish the counts of a window that closes; say nothing when it is only looked at again."""
        if not counted.is_close:
            return WindowVerdicts()
        publication = publish_counts(self._model, self._layout, cells, counted.span, policy_hash=counted.policy_hash)
        return WindowVerdicts(
            disposition=PUBLISHED if publication.aggregate else SUPPRESSED,
            aggregate=publication.aggregate,
            n_small=publication.n_small,
            n_complementary=publication.n_complementary,
        )

    def take_changes(self) -> list[tuple[StateKey, bytes]]:
        """Return nothing: there is no state."""
        return []
