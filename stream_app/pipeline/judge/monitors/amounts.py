"""The sequential tests of amounts: the mean of every group and intersection, each against its reference, both ways.

Their difference is tested and, where the policy limits it, their ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from stream_app.core.amounts.scale import AmountScale
from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.amounts.bank import AmountBank
from stream_app.core.detection.amounts.equivalents import as_counts
from stream_app.core.detection.amounts.lines import line_of
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.groups.amount_marginals import AmountMarginalizer
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.onsets import OnsetSearch, SearchedChange
from stream_app.pipeline.judge.monitors.pairs import by_pair, config_of, identity_of, pairs_of, strata_of
from stream_app.pipeline.judge.monitors.rules import MonitoredRule, RuleMonitor, WindowView
from stream_app.pipeline.judge.observations import Alarm
from stream_app.pipeline.layout import DECISION, amount_place_of
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.policy import ModelPolicy

TESTS = (PairTest.MEAN_LOW, PairTest.MEAN_HIGH)
RATIO_TESTS = (PairTest.MEAN_RATIO_LOW, PairTest.MEAN_RATIO_HIGH)


class AmountMonitor:
    """All sequential tests of the amounts of a model.

    Args:
        model: Its policy, of kind ``amounts``.
        layout: Layout of its cells.
        scale: In which steps and bins its amounts are counted.
        stored: What ``state`` returned before a restart; None at the first start.
        history: The tested periods, in which onsets are searched; None for none.

    Attributes:
        pairs: Every monitored group and intersection, in a fixed order.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        scale: AmountScale,
        stored: bytes | None = None,
        history: PeriodHistory | None = None,
    ) -> None:
        self.pairs: list[Subgroup] = pairs_of(model, model.detection.max_depth)
        self._marginalizer = AmountMarginalizer(
            layout,
            self.pairs,
            dimension=DECISION,
            sum_place=amount_place_of(model),
            favorable="high" if _is_high_good(model) else "low",
            segment=strata_of(model),
        )
        self._rules = RuleMonitor(
            _monitored_rules(model, scale, self.pairs),
            strata=self._marginalizer.strata,
            detection=model.detection,
            config=(config_of(model), _amounts_of(model)),
            onsets=OnsetSearch(
                PeriodHistory() if history is None else history,
                self._marginalizer.counts,
                as_counts=partial(_counts_of, zero=zero_of(model, scale)),
            ),
            stored=stored,
            make_bank=partial(AmountBank, n_bins=scale.n_bins, zero=zero_of(model, scale)),
        )
        self._n_tests = len(_limited_tests(model)) * len(TESTS)

    def continue_tests(self, former: AmountMonitor) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        return self._rules.continue_tests(former._rules)

    def feed(self, period: ClosedPeriod) -> list[Alarm]:
        """Take in a comparison period; return the alarms and recoveries that it causes."""
        return self._rules.feed(period, self._marginalizer.counts(period.cells))

    def judge(
        self, window: str, is_few: Bools, ends: Sequence[Sequence[tuple[float | None, float | None]]], *, is_close: bool
    ) -> list[tuple[Evidence, ...]]:
        """Return the evidence of the tests of each pair at the end of a window.

        Args:
            window: Name of the window.
            is_few: Whether a pair has too few decisions for a verdict, shape (pairs,).
            ends: For each limit of each pair, both ends of what the group is better off by than the reference, by how
                much of the limit; None where there are none.
            is_close: Whether the window has just closed.
        """
        by_limit = np.array(ends, np.float64).reshape(len(ends), -1, 2)  # None becomes nan
        lower, upper = by_limit.transpose(2, 1, 0)
        view = WindowView(
            is_few=np.repeat(is_few, self._n_tests),
            is_beyond=np.stack([upper < -1, lower > 1], axis=2).ravel(),
            is_fair=np.stack([lower >= -1, upper <= 1], axis=2).ravel(),
        )
        return by_pair(self._rules.judge(window, view, is_close=is_close), self._n_tests)

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return self._rules.state()


def _is_high_good(model: ModelPolicy) -> bool:
    return model.decision is not None and model.decision.favorable == "high"


def _amounts_of(model: ModelPolicy) -> tuple[object, ...]:
    """Return what the evidence depends on beside limits: range and bins of the amounts, and which are good."""
    assert model.decision is not None
    return (*model.decision.range, model.decision.bins, _is_high_good(model))


def zero_of(model: ModelPolicy, scale: AmountScale) -> float:
    """Return the amount 0 as a share of the range, where more is better; for a ratio of means."""
    return -scale.minimum / scale.range if _is_high_good(model) else scale.maximum / scale.range


def _limited_tests(model: ModelPolicy) -> list[tuple[PairTest, PairTest]]:
    return [TESTS] if model.rules.min_mean_ratio is None else [TESTS, RATIO_TESTS]


def _monitored_rules(model: ModelPolicy, scale: AmountScale, pairs: Sequence[Subgroup]) -> list[MonitoredRule]:
    rules = {TESTS: RateRule(RuleKind.GAP, scale.share_of_width(model.rules.max_mean_difference or 0.0))}
    if model.rules.min_mean_ratio is not None:
        rules[RATIO_TESTS] = RateRule(RuleKind.RATIO, model.rules.min_mean_ratio)
    log_c = log_thresholds_of(model)
    families = [BudgetFamily.ATTRIBUTES if len(pair.attributes) == 1 else BudgetFamily.INTERSECTIONS for pair in pairs]
    return [
        MonitoredRule(
            pair=number,
            test=test,
            rule=rules[tests],
            row=number,
            is_high=test is tests[1],
            log_threshold=log_c[family],
            identity=identity_of(model, pairs[number], test, rules[tests], _amounts_of(model)),
        )
        for number, family in enumerate(families)
        for tests in _limited_tests(model)
        for test in tests
    ]


def _counts_of(sums: Ints, change: SearchedChange, *, zero: float) -> tuple[Floats, RateRule]:
    """Return counts in which the onset of a change can be searched, and the rule of their gap."""
    line = line_of(change.rule, zero)
    scales = (line.scale_b, line.scale_a) if change.is_high else (line.scale_a, line.scale_b)
    return as_counts(sums, scales), RateRule(RuleKind.GAP, line.gap)
