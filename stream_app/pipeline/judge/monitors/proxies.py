"""The sequential tests of groups that are known by probabilities: each group of a proxy against its reference.

They test the weighted rates of each comparison period (``core.detection.membership_bank``), and count in the budget
like those of attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream_app.core.arrays import Floats, Ints
from stream_app.core.detection.membership_bank import MembershipBank
from stream_app.core.detection.rules import RateRule
from stream_app.core.fairness.proxy import GroupEstimate, PairEstimate, ValueRange, estimate_groups, estimate_pair
from stream_app.core.groups.memberships import MembershipSums, pair_sums
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.onsets import OnsetSearch, SearchedChange
from stream_app.pipeline.judge.monitors.pairs import (
    TESTS,
    against_limits,
    by_pair,
    config_of,
    monitored_rules,
    strata_of,
)
from stream_app.pipeline.judge.monitors.rules import RuleMonitor
from stream_app.pipeline.judge.observations import Alarm, ObservedProxy
from stream_app.pipeline.layout import memberships_of
from stream_app.policy import PROBABILITY_SCALE, ModelPolicy, Proxy

_Cells = Mapping[int, Sequence[int]]


class ProxyMonitor:
    """All sequential tests of a model's proxies.

    Args:
        model: Its policy.
        layout: Layout of the cells of its decisions.
        stored: What ``state`` returned before a restart; None at the first start.
        history: The tested periods, in which onsets are searched; None for none.

    Attributes:
        pairs: Every monitored group, in a fixed order.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        stored: bytes | None = None,
        history: PeriodHistory | None = None,
    ) -> None:
        self._model, self._counters = model, memberships_of(model, layout)
        self._numbers = [_pair_numbers(proxy) for proxy in model.proxies]
        self.pairs = [
            Subgroup((proxy.name,), (list(proxy.groups)[group],), (proxy.reference,))
            for proxy, numbers in zip(model.proxies, self._numbers, strict=True)
            for group, _ in numbers
        ]
        segment = strata_of(model)
        self._radix = None if segment is None else layout.radix_of(segment)
        strata = ("",) if segment is None else layout.dimensions[layout.position_of(segment)][1]
        self._n_strata = len(strata)
        self._rules = RuleMonitor(
            monitored_rules(model, self.pairs),
            strata=strata,
            detection=model.detection,
            config=(config_of(model), [(proxy.name, list(proxy.groups), proxy.reference) for proxy in model.proxies]),
            onsets=OnsetSearch(PeriodHistory() if history is None else history, self._sums, _counts_of),
            stored=stored,
            make_bank=MembershipBank,
        )

    def continue_tests(self, former: ProxyMonitor) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        return self._rules.continue_tests(former._rules)

    def feed(self, period: ClosedPeriod) -> list[Alarm]:
        """Take in a comparison period; return the alarms and recoveries that it causes."""
        return self._rules.feed(period, self._sums(period.cells))

    def observe(self, window: str, cells: _Cells, *, is_close: bool) -> list[ObservedProxy]:
        """Return the groups of each proxy in a window: estimates, and the evidence of their tests.

        Args:
            window: Name of the window.
            cells: Its counts.
            is_close: Whether the window has just closed.
        """
        sums = (counter.count(cells) for counter in self._counters)
        estimates = [tuple(estimate_groups(of_proxy, PROBABILITY_SCALE)) for of_proxy in sums]
        compared = [
            (groups[group], groups[reference], estimate_pair(groups[group], groups[reference]))
            for groups, numbers in zip(estimates, self._numbers, strict=True)
            for group, reference in numbers
        ]
        least_n = self._model.rules.min_n
        is_few = np.array([min(one.n, other.n) < least_n for one, other, _ in compared], np.bool_)
        ends = [(*_ends(pair.ratio_interval), *_ends(pair.gap_interval)) for *_, pair in compared]
        view = against_limits(self._model, is_few, ends)
        evidence = iter(by_pair(self._rules.judge(window, view, is_close=is_close), len(TESTS)))
        pairs = iter([pair for *_, pair in compared])
        observed = []
        for proxy, groups in zip(self._model.proxies, estimates, strict=True):
            is_compared = [group != proxy.reference for group in proxy.groups]
            observed.append(
                ObservedProxy(
                    proxy=proxy,
                    groups=groups,
                    pairs=tuple(next(pairs) if compared else None for compared in is_compared),
                    evidence=tuple(next(evidence) if compared else () for compared in is_compared),
                )
            )
        return observed

    def estimates(self, pair: Subgroup, cells: _Cells) -> tuple[GroupEstimate, GroupEstimate, PairEstimate]:
        """Return what is known of a group and of its reference in some cells."""
        [name], [group] = pair.attributes, pair.labels
        number = next(number for number, proxy in enumerate(self._model.proxies) if proxy.name == name)
        proxy = self._model.proxies[number]
        groups = dict(
            zip(proxy.groups, estimate_groups(self._counters[number].count(cells), PROBABILITY_SCALE), strict=True)
        )
        return groups[group], groups[proxy.reference], estimate_pair(groups[group], groups[proxy.reference])

    def state(self) -> bytes:
        """Return everything that a restart needs."""
        return self._rules.state()

    def _sums(self, cells: _Cells) -> Ints:
        """Return the sums of every pair by stratum, shape (pairs, strata, 8)."""
        by_proxy = [
            pair_sums(sums := counter.count(cells), numbers, self._strata_of(sums), self._n_strata)
            for counter, numbers in zip(self._counters, self._numbers, strict=True)
        ]
        return np.concatenate(by_proxy)

    def _strata_of(self, sums: MembershipSums) -> Ints:
        if self._radix is None:
            return np.zeros_like(sums.strata)
        stride, n_labels = self._radix
        return sums.strata // stride % n_labels


def _counts_of(sums: Ints, change: SearchedChange) -> tuple[Floats, RateRule]:
    return as_counts(sums), change.rule


def as_counts(sums: Ints) -> Floats:
    """Return as many decisions as the sums of pairs say as much as: ``rate * n_effective`` and ``n_effective``.

    Args:
        sums: Shape (..., 8), as ``pair_sums`` returns them.

    Returns:
        ``k, n, k_ref, n_ref``, shape (..., 4); 0 where a group has no members.
    """
    members, favorable = sums[..., 1:4:2].astype(np.float64), sums[..., 0:4:2].astype(np.float64)
    squares = np.stack([sums[..., 4] + sums[..., 5], sums[..., 6] + sums[..., 7]], axis=-1).astype(np.float64)
    per_member = np.divide(members, squares, out=np.zeros_like(members), where=squares > 0)
    counts: Floats = np.stack([favorable * per_member, members * per_member], axis=-1).reshape(*sums.shape[:-1], 4)
    return counts


def _pair_numbers(proxy: Proxy) -> list[tuple[int, int]]:
    groups = list(proxy.groups)
    reference = groups.index(proxy.reference)
    return [(number, reference) for number in range(len(groups)) if number != reference]


def _ends(interval: ValueRange | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.lower, interval.upper)
