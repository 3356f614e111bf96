"""The sequential tests of a model's decisions: every group and every intersection, each against its reference.

Each comparison period is fed in once, in order of event time.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import isnan

import msgspec
import numpy as np

from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.marginals import Marginalizer
from stream_app.core.groups.subgroups import Subgroup, subgroups
from stream_app.core.intervals.intervals import intervals_of_pairs
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.budget import BudgetFamily, is_gap_gated, log_thresholds_of
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests, IdentifiedTest
from stream_app.pipeline.judge.monitors.onsets import OnsetSearch
from stream_app.pipeline.judge.monitors.rules import MonitoredRule, RuleMonitor, WindowView
from stream_app.pipeline.judge.observations import Alarm, ObservedPair
from stream_app.pipeline.layout import CLUSTER, FAVORABLE, pane_layout_of
from stream_app.pipeline.records.alerts import NamedTest
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.pipeline.records.results import AND, CROSS
from stream_app.policy import ModelPolicy, canonical_label

TESTS = (PairTest.RATIO_LOW, PairTest.RATIO_HIGH, PairTest.GAP_LOW, PairTest.GAP_HIGH)
_GATES = (None, None, 0, 1)  # the place in TESTS of the test that each waits for


class PairMonitor:
    """All sequential tests of a model's decisions.

    Args:
        model: Its policy, of kind ``decisions``.
        layout: Layout of its cells.
        stored: What ``state`` returned before a restart; None at the first start.
        history: The tested periods, in which onsets are searched; None for none.

    Attributes:
        pairs: Every monitored group and intersection, in a fixed order.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        stored: bytes | None = None,
        history: PeriodHistory | None = None,
    ) -> None:
        self.pairs: list[Subgroup] = pairs_of(model, model.detection.max_depth)
        self._model = model
        segment = strata_of(model)
        self._marginalizer = Marginalizer(layout, self.pairs, favorable=FAVORABLE, segment=segment)
        self._by_bucket = None
        if model.cluster is not None:
            by_pane = pane_layout_of(model)
            self._by_bucket = Marginalizer(by_pane, self.pairs, favorable=FAVORABLE, segment=CLUSTER)
        self._rules = RuleMonitor(
            monitored_rules(model, self.pairs),
            strata=self._marginalizer.strata,
            detection=model.detection,
            config=config_of(model),
            onsets=OnsetSearch(PeriodHistory() if history is None else history, self._marginalizer.counts),
            stored=stored,
            n_units=None if self._by_bucket is None else len(self._by_bucket.strata),
        )

    def continue_tests(self, former: PairMonitor) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        return self._rules.continue_tests(former._rules)

    def feed(self, period: ClosedPeriod) -> list[Alarm]:
        """Take in a comparison period; return the alarms and recoveries that it causes."""
        by_bucket = None if self._by_bucket is None else self._by_bucket.counts(period.by_bucket or {})
        return self._rules.feed(period, self._marginalizer.counts(period.cells), by_bucket)

    def counts(self, cells: Mapping[int, Sequence[int]]) -> Ints:
        """Return k, n of every pair and k, n of its reference, shape (pairs, 4)."""
        counts: Ints = self._marginalizer.counts(cells).sum(axis=1)
        return counts

    def observe(self, window: str, cells: Mapping[int, Sequence[int]], *, is_close: bool) -> list[ObservedPair]:
        """Return each pair in a window: its counts, their intervals, and the evidence of its tests.

        Args:
            window: Name of the window.
            cells: Its counts.
            is_close: Whether the window has just closed.
        """
        counts = self.counts(cells)
        pairs = [(GroupCount(n, k), GroupCount(n_ref, k_ref)) for k, n, k_ref, n_ref in counts.tolist()]
        effects = self._design_effects()
        intervals = intervals_of_pairs(pairs, None if effects is None else np.fmax(effects, 1.0))
        is_few = np.minimum(counts[:, 1], counts[:, 3]) < self._model.rules.min_n
        view = against_limits(self._model, is_few, [(*pair.ratio[:2], *pair.gap[:2]) for pair in intervals])
        evidence = by_pair(self._rules.judge(window, view, is_close=is_close), len(TESTS))
        shown = [None] * len(pairs) if effects is None else [None if isnan(e) else e for e in effects.tolist()]
        return [
            ObservedPair(pair, count, reference, ends, tests, effect)
            for pair, (count, reference), ends, tests, effect in zip(
                self.pairs, pairs, intervals, evidence, shown, strict=True
            )
        ]

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return self._rules.state()

    def _design_effects(self) -> Floats | None:
        """Return the design effect of each pair's gap, nan where it is not known yet; None without clusters."""
        by_test = self._rules.design_effects
        return None if by_test is None else by_test[TESTS.index(PairTest.GAP_LOW) :: len(TESTS)]


def against_limits(model: ModelPolicy, is_few: Bools, ends: Sequence[tuple[float | None, ...]]) -> WindowView:
    """Return how a window looks to the tests of its pairs: which intervals are beyond their limit, and which within.

    Args:
        model: The policy.
        is_few: Whether a pair has too few cases for a verdict, shape (pairs,).
        ends: Lower and upper end of the ratio and of the gap of each pair; None where there is none.
    """
    ratio_low, ratio_high, gap_low, gap_high = np.array(ends, np.float64).reshape(-1, 4).T  # None becomes nan
    ratio_high = np.where(np.isnan(ratio_high), np.inf, ratio_high)
    least, most = model.rules.min_disparate_impact_ratio, model.rules.max_gap
    beyond = [ratio_high < least, ratio_low * least > 1, gap_high < -most, gap_low > most]
    within = [ratio_low >= least, ratio_high * least <= 1, gap_low >= -most, gap_high <= most]
    return WindowView(np.repeat(is_few, len(TESTS)), np.stack(beyond, axis=1).ravel(), np.stack(within, axis=1).ravel())


def pairs_of(model: ModelPolicy, max_depth: int) -> list[Subgroup]:
    """Return every group, and intersection of groups, that is compared with its reference."""
    return subgroups(
        [(attribute.name, attribute.groups, attribute.reference or "") for attribute in model.attributes], max_depth
    )


def strata_of(model: ModelPolicy) -> str | None:
    """Return the dimension whose values are the strata of the tests; None for one stratum."""
    return model.segment.name if model.segment is not None and model.detection.is_stratified else None


def config_of(model: ModelPolicy) -> tuple[object, ...]:
    """Return what the tests of a model depend on beside their limits.

    Neither the plain rules nor how long the tests wait are part of it.
    """
    detection = msgspec.structs.replace(model.detection, plain_rules=False, wait_s=None, period_s=model.period_s)
    config = (model.attributes, model.segment, detection)
    return config if model.cluster is None else (*config, model.cluster)


def identity_of(
    model: ModelPolicy, pair: Subgroup, test: PairTest, rule: RateRule, about: Hashable = None
) -> IdentifiedTest:
    """Return what identifies a test of a pair under other policies.

    Args:
        model: Its policy.
        pair: Whom it is about.
        test: Its name.
        rule: What it takes to be true.
        about: Which cases it counts; None for decisions.
    """
    name = NamedTest(CROSS.join(pair.attributes), AND.join(pair.labels), test.value)
    groups, references = map(canonical_label, pair.labels), map(canonical_label, pair.reference)
    facts: tuple[Hashable, ...] = (rule.kind.value, rule.limit, model.period_s)
    depends = model.detection.design_effect if about is not None or model.cluster is None else model.cluster
    facts += (depends, strata_of(model), about)
    return IdentifiedTest(name, (frozenset(zip(pair.attributes, groups, references, strict=True)), test), facts)


def by_pair(evidence: Sequence[Evidence], n_tests: int) -> list[tuple[Evidence, ...]]:
    """Split the evidence of all tests, pair by pair, ``n_tests`` each."""
    return [tuple(evidence[first : first + n_tests]) for first in range(0, len(evidence), n_tests)]


def monitored_rules(model: ModelPolicy, pairs: Sequence[Subgroup]) -> list[MonitoredRule]:
    """Return the tests of ratio and gap of some pairs, row by row of their counts."""
    ratio = RateRule(RuleKind.RATIO, model.rules.min_disparate_impact_ratio)
    gap = RateRule(RuleKind.GAP, model.rules.max_gap)
    log_c = log_thresholds_of(model)
    families = [BudgetFamily.ATTRIBUTES if len(pair.attributes) == 1 else BudgetFamily.INTERSECTIONS for pair in pairs]
    rules, are_high = (ratio, ratio, gap, gap), (False, True, False, True)
    gates = _GATES if is_gap_gated(model.rules) else (None,) * len(TESTS)
    return [
        MonitoredRule(
            pair=number,
            test=test,
            rule=rule,
            row=number,
            is_high=is_high,
            log_threshold=log_c[family],
            identity=identity_of(model, pairs[number], test, rule),
            gate=None if gate is None else number * len(TESTS) + gate,
        )
        for number, family in enumerate(families)
        for test, rule, is_high, gate in zip(TESTS, rules, are_high, gates, strict=True)
    ]
