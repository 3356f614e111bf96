"""The sequential tests of questions about single attributes: of outcomes, or of scores between groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream_app.core.arrays import Ints
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.groups.allocations import CandidateCounter
from stream_app.core.groups.marginals import Marginalizer
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.intervals.intervals import newcombe
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.onsets import OnsetSearch
from stream_app.pipeline.judge.monitors.pairs import (
    by_pair,
    config_of,
    counts_unknown,
    identity_of,
    pairs_of,
    strata_of,
)
from stream_app.pipeline.judge.monitors.rules import MonitoredRule, RuleMonitor, WindowView
from stream_app.pipeline.judge.observations import Alarm
from stream_app.pipeline.judge.questions import Question
from stream_app.pipeline.records.evidence import Evidence
from stream_app.policy import ModelPolicy


class GapMonitor:
    """Tests of shares, each group against its reference, both ways.

    Args:
        model: Policy of the cells.
        layout: Their layout.
        questions: The shares that are compared.
        log_threshold: Natural log of the evidence that each test needs; None where there is no pair to test.
        stored: What ``state`` returned before a restart; None at the first start.
        history: The tested periods, in which onsets are searched; None for none.

    Attributes:
        pairs: Every monitored group, in a fixed order.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        questions: Sequence[Question],
        log_threshold: float | None,
        stored: bytes | None = None,
        history: PeriodHistory | None = None,
    ) -> None:
        self.pairs: list[Subgroup] = pairs_of(model, max_depth=1)
        self._layout, self._questions, self._min_n = layout, questions, model.rules.min_n
        segment = strata_of(model)
        self._marginalizers = [
            Marginalizer(layout, self.pairs, favorable=question.counted, dimension=question.dimension, segment=segment)
            for question in questions
        ]
        self._candidates = [
            CandidateCounter(
                layout, self.pairs, favorable=question.counted, dimension=question.dimension, segment=segment
            )
            for question in (questions if counts_unknown(model) else ())
        ]
        self._rules = RuleMonitor(
            [
                MonitoredRule(
                    pair=number,
                    test=test,
                    rule=(rule := RateRule(RuleKind.GAP, question.limit)),
                    row=number * len(questions) + place,
                    is_high=test is question.high,
                    log_threshold=log_threshold or 0.0,
                    identity=identity_of(model, pair, test, rule, _cases_of(question)),
                )
                for number, pair in enumerate(self.pairs)
                for place, question in enumerate(questions)
                for test in (question.low, question.high)
            ],
            strata=self._marginalizers[0].strata if questions else ("",),
            detection=model.detection,
            config=(config_of(model), [(question.cases, question.counted) for question in questions]),
            onsets=OnsetSearch(PeriodHistory() if history is None else history, self._counts_by_row),
            stored=stored,
        )

    def continue_tests(self, former: GapMonitor) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        return self._rules.continue_tests(former._rules)

    def feed(self, period: ClosedPeriod) -> list[Alarm]:
        """Take in a comparison period; return the alarms and recoveries that it causes."""
        if not self._questions:
            return []
        candidates = _by_row(self._count(self._candidates, period.cells)) if self._candidates else None
        return self._rules.feed(period, self._counts_by_row(period.cells), candidates=candidates)

    def judge(
        self, window: str, cells: Mapping[int, list[int]], *, is_close: bool
    ) -> dict[tuple[str, str], tuple[Evidence, ...]]:
        """Return the evidence of the tests at the end of a window.

        Args:
            window: Name of the window.
            cells: Its counts.
            is_close: Whether it has just closed.

        Returns:
            Evidence by attribute and group.
        """
        if not self._questions:
            return {}
        evidence = self._rules.judge(window, self._view(cells), is_close=is_close)
        keys = [(pair.attributes[0], pair.labels[0]) for pair in self.pairs]
        return dict(zip(keys, by_pair(evidence, 2 * len(self._questions)), strict=True))

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return self._rules.state()

    def _counts(self, cells: Mapping[int, list[int]]) -> Ints:
        """Return k, n of every pair and k, n of its reference, shape (pairs, questions, strata, 4)."""
        return self._count(self._marginalizers, cells)

    def _count(self, counters: Sequence[Marginalizer | CandidateCounter], cells: Mapping[int, list[int]]) -> Ints:
        by_question = [
            counter.counts(question.cells(self._layout, cells))
            for question, counter in zip(self._questions, counters, strict=True)
        ]
        return np.stack(by_question, axis=1)

    def _counts_by_row(self, cells: Mapping[int, list[int]]) -> Ints:
        """Return k, n, k_ref, n_ref of each pair and question, by stratum, shape (pairs * questions, strata, 4)."""
        return _by_row(self._counts(cells))

    def _view(self, cells: Mapping[int, list[int]]) -> WindowView:
        """Return how a window looks to each test, by the Newcombe interval of its gap."""
        counts = self._counts(cells).sum(axis=2)
        ends = [newcombe(*row) for row in counts.reshape(-1, 4).tolist()]
        lower = np.array([interval.lower for interval in ends], np.float64)
        upper = np.array([interval.upper for interval in ends], np.float64)
        limit = np.tile([question.limit for question in self._questions], len(self.pairs))
        is_few = np.minimum(counts[..., 1], counts[..., 3]).ravel() < self._min_n
        return WindowView(
            is_few=np.repeat(is_few, 2),
            is_beyond=np.stack([upper < -limit, lower > limit], axis=1).ravel(),
            is_fair=np.stack([lower >= -limit, upper <= limit], axis=1).ravel(),
        )


def _by_row(counts: Ints) -> Ints:
    """Return counts by pair and question in one axis."""
    return counts.reshape(-1, *counts.shape[2:])


def _cases_of(question: Question) -> tuple[object, ...]:
    """Return which cases a question is about, in a form that can be compared."""
    return tuple(sorted(question.cases.items())), question.dimension, question.counted
