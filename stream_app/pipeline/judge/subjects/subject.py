"""The contract between the two halves of judging a model: cutting and counting, and what follows from the counts.

``model_judge`` cuts event time and counts, the same for every kind of model. A ``Subject`` says what follows: decisions
are tested and judged (``decisions``), outcomes too (``outcomes``), counts are published (``counts``), hours of areas
are judged window by window (``allocations``), amounts are tested and compared (``amounts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stream_app.core.groups.comparison import State
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.history import HistorySpan, PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import WindowSpec
from stream_app.pipeline.judge.gate.alert_counts import AlertCounts, AlertedPair, AlertRange
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.publication.publisher import BudgetFacts
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, Provenance
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import cell_limits_of, n_buckets_of
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy

PUBLISHED, SUPPRESSED, INSUFFICIENT, EMPTY = "published", "suppressed", "insufficient", "empty"
DISPOSITIONS = (PUBLISHED, SUPPRESSED, INSUFFICIENT, EMPTY)  # of a window that closed


class LookBack:
    """What was tested up to the period that is tested now, that period included.

    Args:
        history: All tested periods.
        provenance: By what an alert can be reproduced.
    """

    def __init__(self, history: PeriodHistory, provenance: Provenance) -> None:
        self._history, self._provenance = history, provenance
        self._views: dict[tuple[int | None, AlertRange], OnsetCounts] = {}  # many pairs break together for one cause

    def __call__(self, onset_s: int) -> tuple[OnsetCounts, Provenance]:
        """Return all decisions from an onset to the end of the period that is tested now."""
        return OnsetCounts(*self._history.since(onset_s)), self._provenance

    def released(self, gate: AlertCounts, onset_s: int, pair: AlertedPair | None) -> tuple[OnsetCounts, Provenance]:
        """Return the decisions since an onset that an alert about a pair describes.

        Args:
            gate: Chooses the time range.
            onset_s: The onset.
            pair: Whom the alert is about; None where its counts can only be shown rounded.
        """
        chosen = gate.choose(self._history, onset_s, pair)
        key = (onset_s if chosen.start_s is None else None, chosen)
        if key not in self._views:
            start_s, end_s, is_rounded = chosen
            span = self._history.since(onset_s) if start_s is None else self._history.between(start_s, end_s)
            self._views[key] = OnsetCounts(*span, at_s=self._history.end_s, is_rounded=is_rounded)
        return self._views[key], self._provenance

    def periods_within(self, start_s: int, end_s: int) -> list[Cells]:
        """Return the cells of the tested periods in a time range; older ones several together."""
        return [span.cells for span in self._history.within(start_s, end_s)]

    def spans(self) -> Sequence[HistorySpan]:
        """Return the tested periods, oldest first; older ones several together."""
        return self._history.spans()


@dataclass(slots=True)
class WindowVerdicts:
    """The verdicts on one window.

    Attributes:
        disposition: What becomes of a window that closed.
        results: About decisions.
        outcome_results: About outcomes.
        allocation_results: About hours of areas.
        amount_results: About amounts.
        aggregates: Published counts.
        n_small: Cells of published counts hidden as too small.
        n_complementary: Cells of published counts hidden against subtraction.
        n_over_budget: Windows of which nothing was published, because the budget of their day is spent.
        budget: What the published counts of the newest day have cost; None where that is not kept.
    """

    disposition: str = PUBLISHED
    results: list[Result] = field(default_factory=list)
    outcome_results: list[OutcomeResult] = field(default_factory=list)
    allocation_results: list[AllocationResult] = field(default_factory=list)
    amount_results: list[AmountResult] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    n_small: int = 0
    n_complementary: int = 0
    n_over_budget: int = 0
    budget: BudgetFacts | None = None


class Subject(Protocol):
    """What is judged of one model.

    Attributes:
        name: Its name in state, journal, alerts and results.
        layout_hash: Hash of what its counts depend on.
        tally_config: How its event time is cut.
        is_public: Whether its counts leave: then a window is published once, and nothing carries offsets.
    """

    name: str
    layout_hash: str
    tally_config: TallyConfig
    is_public: bool

    def continue_tests(self, former: Subject) -> ContinuedTests:
        """Continue what the tests of the same subject under a former policy know, before anything else is fed."""

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Take in a comparison period, once and in order of event time; return the alerts that it causes."""

    def judge(self, cells: Cells, context: WindowContext) -> WindowVerdicts:
        """Judge a window or the running totals."""

    def can_compare(self, cells: Cells) -> bool:
        """Return whether a comparison period says anything about any group."""

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return all entries of its own state."""

    def take_changes(self) -> Sequence[tuple[StateKey, bytes | None]]:
        """Return the entries of its own state that changed since the last call."""


def tally_config_of(model: ModelPolicy, *, is_outcomes: bool = False) -> TallyConfig:
    """Return how a model's event time is cut.

    A model of kind ``counts`` has one size of window, no totals and no revisions: releases of windows inside each
    other, of totals or of the same window again could be subtracted from each other. Outcomes come in order, since
    their time is that of the join. Published counts and hours are not tested, so they have no comparison periods.
    """
    windows = tuple(WindowSpec(window.name, window.size_s) for window in model.windows)
    is_public = model.kind == "counts"
    return TallyConfig(
        pane_s=model.event_time.pane_s,
        out_of_orderness_s=0 if is_outcomes else model.event_time.out_of_orderness_s,
        revision_s=0 if is_public else model.revision_s,
        windows=windows[:1] if is_public else windows,
        has_total=not is_public,
        period_s=model.period_s if model.is_tested else None,
        wait_s=model.wait_s,
        idle_s=model.event_time.idle_s,
        n_buckets=1 if is_outcomes else n_buckets_of(model),
        limits=None if is_public else cell_limits_of(model, is_outcomes=is_outcomes),
    )


def disposition_of(states: Iterable[State], *, is_any_shown: bool) -> str:
    """Return what becomes of a window that was judged.

    Args:
        states: State of each of its results.
        is_any_shown: Whether any group of them may leave.

    >>> disposition_of([State.INSUFFICIENT, State.OK], is_any_shown=True), disposition_of([], is_any_shown=False)
    ('published', 'suppressed')
    """
    if not is_any_shown:
        return SUPPRESSED
    return INSUFFICIENT if all(state is State.INSUFFICIENT for state in states) else PUBLISHED
