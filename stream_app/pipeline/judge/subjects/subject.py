"""What a judge watches and tells, apart from how it cuts event time and counts: the two halves of judging a model.

``model_judge`` cuts and counts, the same for every kind of model. A ``Subject`` says what follows: decisions are tested
and judged (``watched_decisions``), outcomes too (``watched_outcomes``), counts are published (``watched_counts``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally import TallyConfig
from stream_app.core.windows.tally_changes import ClosedPane, StateKey
from stream_app.core.windows.tumbling import WindowSpec
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, Provenance
from stream_app.pipeline.judge.verdicts.decisions import WindowContext
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy

PUBLISHED, SUPPRESSED, INSUFFICIENT, EMPTY = "published", "suppressed", "insufficient", "empty"
DISPOSITIONS = (PUBLISHED, SUPPRESSED, INSUFFICIENT, EMPTY)  # of a window that closed

LookBack = Callable[
    [int], tuple[OnsetCounts, Provenance]
]  # what was counted from an onset to the pane that just closed


@dataclass(slots=True)
class WindowVerdicts:
    """What is said about one window.

    Attributes:
        disposition: What becomes of a window that closed.
        results: About decisions.
        outcome_results: About outcomes.
        aggregate: Published counts.
        n_small: Cells of published counts hidden as too small.
        n_complementary: Cells of published counts hidden against subtraction.
    """

    disposition: str = PUBLISHED
    results: list[Result] = field(default_factory=list)
    outcome_results: list[OutcomeResult] = field(default_factory=list)
    aggregate: Aggregate | None = None
    n_small: int = 0
    n_complementary: int = 0


class Subject(Protocol):
    """What is watched of one model.

    Attributes:
        name: Its name in state, journal, alerts and results.
        layout_hash: Hash of what its counts depend on.
        tally_config: How its event time is cut.
        is_public: Whether its counts leave: then windows are told once, and nothing is told with offsets.
    """

    name: str
    layout_hash: str
    tally_config: TallyConfig
    is_public: bool

    def feed(self, pane: ClosedPane, look_back: LookBack) -> list[Alert]:
        """Take in a closed pane, once and in order of event time; return what was found by it."""

    def tell(self, cells: Cells, counted: WindowContext) -> WindowVerdicts:
        """Say what is to be said about a window or the running totals."""

    def take_changes(self) -> list[tuple[StateKey, bytes]]:
        """Return the entries of its own state that changed since the last call."""


def tally_config_of(model: ModelPolicy, *, is_outcomes: bool = False) -> TallyConfig:
    """Return how a model's event time is cut.

    A model of kind ``counts`` has one size of window, no totals and no revisions: releases of windows inside each
    other, of totals or of the same window again could be subtracted from each other. Outcomes come in order, since
    their time is that of the join.
    """
    windows = tuple(WindowSpec(window.name, window.size_s) for window in model.windows)
    is_public = model.kind == "counts"
    return TallyConfig(
        pane_s=model.event_time.pane_s,
        out_of_orderness_s=0 if is_outcomes else model.event_time.out_of_orderness_s,
        revision_s=0 if is_public else model.revision_s,
        windows=windows[:1] if is_public else windows,
        has_total=not is_public,
    )
