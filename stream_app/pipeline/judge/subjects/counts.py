"""Counts that are published: nothing is tested, each window is published once and without offsets."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.publication.publisher import Publisher
from stream_app.pipeline.judge.state import StoredEntries
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
        stored: The entries in the changelog topic.
        keys: Root keys of the pseudonyms, from which noise follows.
    """

    def __init__(self, model: ModelPolicy, stored: StoredEntries, keys: tuple[RootKey, ...] = ()) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = True
        self._model, self._layout = model, layout_of(model)
        publication = model.publication
        self._publisher = None if publication is None else Publisher(model, publication, stored, keys)

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
        cells = {code: vector for code, vector in cells.items() if vector[0] > 0}  # a forged count may be below zero
        if self._publisher is not None:
            return self._publish(self._publisher, cells, context)
        publication = publish_counts(self._model, self._layout, cells, context.span, policy_hash=context.policy_hash)
        return WindowVerdicts(
            disposition=PUBLISHED if publication.aggregate else SUPPRESSED,
            aggregates=[publication.aggregate] if publication.aggregate else [],
            n_small=publication.n_small,
            n_complementary=publication.n_complementary,
        )

    def _publish(self, publisher: Publisher, cells: Cells, context: WindowContext) -> WindowVerdicts:
        counts = {self._layout.labels_of(code): vector[0] for code, vector in cells.items()}
        published = publisher.publish(counts, context.span.start_s, context.policy_hash)
        is_any_shown = any(aggregate.cells for aggregate in published.aggregates)
        return WindowVerdicts(
            disposition=PUBLISHED if is_any_shown else SUPPRESSED,
            aggregates=published.aggregates,
            n_small=published.n_small,
            n_complementary=published.n_complementary,
            n_over_budget=published.n_over_budget,
            budget=publisher.facts(),
        )

    def can_compare(self, cells: Cells) -> bool:
        """Return False: counts are not compared."""
        del cells
        return False

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return what waits for longer windows, and what each day has cost; nothing where neither is kept."""
        return [] if self._publisher is None else self._publisher.state()

    def take_changes(self) -> Sequence[tuple[StateKey, bytes | None]]:
        """Return the same if it changed since the last call."""
        if self._publisher is None or not self._publisher.is_changed:
            return []
        self._publisher.is_changed = False
        return self._publisher.state()
