"""The three subjects of the judge as cases of one contract: the only place that knows how each is made and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.pipeline.judge.subjects.choice import subject_of
from stream_app.pipeline.judge.subjects.subject import LookBack, Subject, WindowVerdicts
from stream_app.pipeline.judge.verdicts.alerts import Provenance
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import Offsets, Span
from stream_app.policy import ModelPolicy
from tests.support.contracts.step_cases import partials_log
from tests.support.contracts.step_logs import counts_model, decision_model

PANE_S, WINDOW_S, WINDOW = 10, 20, "20s"
OFFSETS: Offsets = {"raw": {0: 7}}
Stored = dict[StateKey, list[bytes]]


@dataclass(frozen=True)
class SubjectCase:
    """One subject.

    Attributes:
        name: Name of the class.
        model: Policy of its model.
        partials_name: Under which name its counts come.
        has_state: Whether it keeps sequential tests.
        is_public: Whether its counts are published.
    """

    name: str
    model: ModelPolicy
    partials_name: str
    has_state: bool
    is_public: bool = False

    def new(self, stored: Mapping[StateKey, list[bytes]]) -> Subject:
        """Make the subject from stored entries; empty at the first start."""
        return subject_of(self.model, self.partials_name, dict(stored))

    def panes(self) -> list[ClosedPeriod]:
        """Return the panes of the shared log, all partitions added up, in order of event time."""
        return [ClosedPeriod(start_s, start_s + PANE_S, _copy(cells)) for start_s, cells in _panes(self.partials_name)]

    def layout_hash(self) -> str:
        """Return the layout by which the ingest of its model counts."""
        return next(partial.layout_hash for partial in _partials(self.partials_name))


@dataclass
class SubjectRun:
    """A subject that is fed, judged window by window, and restarted from what it stored."""

    case: SubjectCase
    stored: Stored = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    verdicts: list[WindowVerdicts] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start again from the stored entries."""
        self.subject = self.case.new(self.stored)

    def close(self, panes: Sequence[ClosedPeriod]) -> None:
        """Close one window: feed its panes, judge it, store what changed."""
        cells: Cells = {}
        for pane in panes:
            self.alerts += feed(self.subject, pane)
            add_cells(cells, _copy(pane.cells))
        if panes:
            self.verdicts.append(judge(self.subject, cells, panes[0].start_s, is_close=True))
        for entry, data in changes_of(self.subject):
            if data is None:
                self.stored.pop(entry, None)
            else:
                self.stored[entry] = [data]


def feed(subject: Subject, period: ClosedPeriod) -> list[Alert]:
    """Feed one comparison period; an alert is described by the counts of that period."""
    history = PeriodHistory()
    history.add(period)
    return subject.feed(period, LookBack(history, Provenance(OFFSETS, "hash")))


def judge(subject: Subject, cells: Cells, start_s: int, *, is_close: bool) -> WindowVerdicts:
    """Judge one window."""
    span = Span(WINDOW, start_s, start_s + WINDOW_S)
    return subject.judge(cells, WindowContext(span, 0, OFFSETS, "hash", is_close))


def changes_of(subject: Subject) -> list[tuple[StateKey, bytes | None]]:
    """Return the entries that changed since the last call; None for one that is gone."""
    return list(subject.take_changes())


def records_of(verdicts: WindowVerdicts) -> list[Any]:
    """Return every record about a window."""
    aggregates = verdicts.aggregates
    return [*verdicts.results, *verdicts.outcome_results, *aggregates]


def windows_of(panes: Sequence[ClosedPeriod]) -> list[list[ClosedPeriod]]:
    """Sort panes by the window in which they are located."""
    starts = sorted({pane.start_s // WINDOW_S for pane in panes})
    return [[pane for pane in panes if pane.start_s // WINDOW_S == start] for start in starts]


def _partials(name: str) -> list[Partial]:
    partials = [decode_partial(record.value or b"") for record in partials_log()]
    return [partial for partial in partials if partial.model == name]


@cache
def _panes(name: str) -> list[tuple[int, Cells]]:
    counted: dict[tuple[int, int], Cells] = {}
    for partial in _partials(name):
        for pane in partial.panes:
            counted[pane.start_s, partial.partition] = pane.cells  # absolute: the last word counts
    total: dict[int, Cells] = {}
    for (start_s, _), cells in sorted(counted.items()):
        add_cells(total.setdefault(start_s, {}), _copy(cells))
    return sorted(total.items())


def _copy(cells: Cells) -> Cells:
    return {code: list(vector) for code, vector in cells.items()}


SUBJECTS = [
    SubjectCase("DecisionsSubject", decision_model(), decision_model().name, has_state=True),
    SubjectCase("OutcomesSubject", decision_model(), outcomes_name(decision_model().name), has_state=True),
    SubjectCase("CountsSubject", counts_model(), counts_model().name, has_state=False, is_public=True),
]
