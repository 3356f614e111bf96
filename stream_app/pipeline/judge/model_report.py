"""What one model's judge did since its last report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from stream_app.core.windows.tally_changes import TallyChanges
from stream_app.pipeline.judge.publication.publisher import BudgetFacts
from stream_app.pipeline.judge.subjects.subject import EMPTY, WindowVerdicts
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.alerts import Alert, ClearAlert, MonitoringRestart
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.checkpoints import Checkpoint
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import AnyResult, OutcomeResult
from stream_app.pipeline.records.results import Result


@dataclass(slots=True)
class ModelReport:
    """What one model's judge did since the last report.

    Attributes:
        results: Results about decisions, in the order in which they were made.
        outcome_results: Results about outcomes, likewise.
        allocation_results: Results about hours of areas, likewise.
        amount_results: Results about amounts, likewise.
        alerts: Alarms and recoveries of the sequential tests.
        restarts: That monitoring was restarted, where a changed policy cost evidence.
        aggregates: Published counts of a model of kind ``counts``.
        journal_entry: How event time moved, whenever anything was or could be published.
        checkpoint: The complete state after that entry, where one was due.
        n_closed: Windows that closed, by window and disposition.
        n_revised: Windows that were corrected, by window.
        n_small: Cells of published counts hidden as too small.
        n_complementary: Cells of published counts hidden against subtraction.
        n_over_budget: Windows of which nothing was published, because the budget of their day is spent.
        budget: What the published counts of the newest day have cost; None where nothing was published, or that is not
            kept.
        n_late: Corrections of panes that came too late.
        n_tested: Decisions in comparison periods that were tested.
        n_untested: Decisions that were counted after their comparison period had been tested.
        n_periods: Tested comparison periods, by whether any group and its reference both had decisions.
        n_stale: Stale partials from a previous owner.
        n_broken: Flushes of which a part was missing.
        n_not_recounted: Changes of panes that were left out, because no records have the counts that would be left.
        closed_before_s: How far event time has come; None before the first pane closed.
        lag_s: How far the tests are behind the windows: event time from the start of the oldest period with decisions
            that waits to be tested to ``closed_before_s``; 0 when none waits, None where nothing is tested.
    """

    results: list[Result] = field(default_factory=list)
    outcome_results: list[OutcomeResult] = field(default_factory=list)
    allocation_results: list[AllocationResult] = field(default_factory=list)
    amount_results: list[AmountResult] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    restarts: list[MonitoringRestart] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    journal_entry: JournalEntry | None = None
    checkpoint: Checkpoint | None = None
    n_closed: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_revised: Counter[str] = field(default_factory=Counter)
    n_small: int = 0
    n_complementary: int = 0
    n_over_budget: int = 0
    budget: BudgetFacts | None = None
    n_late: int = 0
    n_tested: int = 0
    n_untested: int = 0
    n_periods: Counter[bool] = field(default_factory=Counter)
    n_stale: int = 0
    n_broken: int = 0
    n_not_recounted: int = 0
    closed_before_s: int | None = None
    lag_s: int | None = None

    @property
    def all_results(self) -> list[AnyResult]:
        """All results: about decisions, outcomes, hours of areas, amounts."""
        return [*self.results, *self.outcome_results, *self.allocation_results, *self.amount_results]

    @property
    def decided_results(self) -> list[Result]:
        """Results about decisions, listed values or amounts; a model has one kind of them."""
        return [*self.results, *self.amount_results]

    def keep_results(self, is_kept: Callable[[Result], bool]) -> None:
        """Leave out the results about decisions, listed values or amounts, that are not kept."""
        self.results = list(filter(is_kept, self.results))
        self.amount_results = list(filter(is_kept, self.amount_results))

    def clear_alerts(self) -> list[ClearAlert]:
        """Return alerts and restarts, in the order in which they are written."""
        return [*self.restarts, *self.alerts]

    def count(self, changes: TallyChanges) -> None:
        """Add what the tally counted."""
        for name, n_empty in changes.n_empty.items():
            self.n_closed[name, EMPTY] += n_empty
        self.n_late += changes.n_late
        self.n_not_recounted += changes.n_unmatched
        self.n_tested += changes.n_tested
        self.n_untested += changes.n_untested

    def add(self, verdicts: WindowVerdicts) -> None:
        """Add the verdicts on a window."""
        self.results += verdicts.results
        self.outcome_results += verdicts.outcome_results
        self.allocation_results += verdicts.allocation_results
        self.amount_results += verdicts.amount_results
        self.aggregates += verdicts.aggregates
        self.n_over_budget += verdicts.n_over_budget
        self.budget = verdicts.budget or self.budget
        self.n_small += verdicts.n_small
        self.n_complementary += verdicts.n_complementary
