"""The gauges of one group in one window, and how each is read from a disclosed result.

Each class of rows states how many series it can make, from its own instruments; see ``series_limit``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import Metric

from stream_app.core.cause.cause import N_FEATURES, N_SEGMENTS
from stream_app.edges.metrics import amount_values
from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.records.evidence import KIND_OF_TEST, NEVER_RECOVERS, Evidence, LimitKind, PairTest
from stream_app.pipeline.records.results import Bounds, ProxyValues
from stream_app.policy import OTHER, UNKNOWN

N_WORST = 3  # groups of an intersection that are exported
N_EXPLAINED = 2  # groups of an attribute whose cause is exported
UNDECLARED = (UNKNOWN, OTHER)  # groups of every attribute beside those of the policy
N_UNDECLARED = len(UNDECLARED)
_RECOVERY = "_recovery"  # suffix of the name of a test while it looks for the end of a breach
_PARTS = ("mix", "rate")
_GROUP_LABELS = ("model", "attribute", "window", "group")

WindowLabels = tuple[str, str, str]  # model, attribute, window


def _lower(bounds: Bounds | None) -> float | None:
    return bounds.lower if bounds else None


def _upper(bounds: Bounds | None) -> float | None:
    return bounds.upper if bounds else None


def _shortfall_ratio(group: DisclosedGroup) -> float | None:
    return group.shortfall / group.n if group.n and group.shortfall is not None else None


class GroupScope(enum.Enum):
    """Kinds of groups, which differ in the values that exist of them."""

    DECLARED = "declared"
    UNDECLARED = "undeclared"  # not tested: no intervals of ratio and gap, no shortfall
    CROSSED = "crossed"  # of an intersection nothing from which the rate of a small group could be computed
    PROXY = "proxy"  # estimated from probabilities: no scores, and a range over every dependence
    AMOUNT = "amount"  # of a decision that is an amount: means and quantiles, no rates
    CROSSED_AMOUNT = "crossed_amount"  # of an intersection of those


_D, _U, _C, _P, _A, _CA = GroupScope
_ALL = (_D, _U, _C, _P)  # of rates


class _Value(NamedTuple):
    name: str
    help: str
    read: Callable[[DisclosedGroup], float | None]
    scopes: tuple[GroupScope, ...]


def _interval(
    name: str, what: str, bounds: Callable[[DisclosedGroup], Bounds | None], scopes: tuple[GroupScope, ...]
) -> tuple[_Value, _Value]:
    """Return both ends of the interval of a value."""
    help_text = f"{{}} end of the 95% interval of the {what}."
    return (
        _Value(f"{name}_lower", help_text.format("Lower"), lambda g: _lower(bounds(g)), scopes),
        _Value(f"{name}_upper", help_text.format("Upper"), lambda g: _upper(bounds(g)), scopes),
    )


def _worst_case(name: str, what: str, of: str) -> tuple[_Value, _Value]:
    """Return the lowest and the highest value of a declared group, whatever the unknown groups are."""

    def bounds(group: DisclosedGroup) -> Bounds | None:
        return getattr(group.worst_case, of, None)

    help_text = f"{{}} {what} of a group over every allocation of the decisions of unknown groups."
    return (
        _Value(f"{name}_worst_case_ratio_lower", help_text.format("Lowest"), lambda g: _lower(bounds(g)), (_D,)),
        _Value(f"{name}_worst_case_ratio_upper", help_text.format("Highest"), lambda g: _upper(bounds(g)), (_D,)),
    )


_VALUES = (
    _Value("approval_ratio", "Approval rate of a group in the last closed window.", lambda g: g.rate, (_D, _U, _P)),
    *_interval("approval_ratio", "approval rate", lambda g: g.rate_bounds, (_D, _U, _P)),
    _Value(
        "disparate_impact_ratio",
        "Approval rate of a group divided by that of the reference group.",
        lambda g: g.disparate_impact_ratio,
        _ALL,
    ),
    *_interval("disparate_impact_ratio", "disparate impact ratio", lambda g: g.ratio_bounds, (_D, _C, _P)),
    _Value(
        "approval_gap_ratio",
        "Approval rate of a group minus that of the reference group; negative if the group is worse off.",
        lambda g: g.gap,
        _ALL,
    ),
    *_interval("approval_gap_ratio", "approval gap", lambda g: g.gap_bounds, (_D, _C, _P)),
    _Value("window_decisions", "Decisions about a group in the last closed window.", lambda g: g.n, tuple(GroupScope)),
    _Value(
        "score_stability_index",
        "Population stability index of a group's scores against its own baseline.",
        lambda g: g.scores.index if g.scores else None,
        (_D,),
    ),
    _Value(
        "shortfall_ratio",
        "Approvals that a group lacks to reach the limit of the ratio, as a share of its decisions.",
        _shortfall_ratio,
        (_D, _P),
    ),
    _Value(
        "proxy_disparate_impact_ratio_lower",
        "Least that the ratio of a group can be that is estimated from probabilities, whatever depends on it.",
        lambda g: _lower(g.proxy.ratio_bounds) if isinstance(g.proxy, ProxyValues) else None,
        (_P,),
    ),
    _Value(
        "proxy_disparate_impact_ratio_upper",
        "Most that the ratio of a group can be that is estimated from probabilities, whatever depends on it.",
        lambda g: _upper(g.proxy.ratio_bounds) if isinstance(g.proxy, ProxyValues) else None,
        (_P,),
    ),
    *_worst_case("approval", "approval rate", "rate"),
    *_worst_case("disparate_impact", "disparate impact ratio", "ratio"),
    *_worst_case("approval_gap", "approval gap", "gap"),
    _Value(
        "undeclared_ratio",
        "Share of the decisions whose group is unknown or not in the policy, in the last closed window.",
        lambda g: g.share,
        (_U, _A),
    ),
    *(
        _Value(value.name, value.help, value.read, (_A, _CA) if value.is_crossed else (_A,))
        for value in amount_values.OF_GROUPS
    ),
)


class GroupValues:
    """Rates, ratios, gaps with their intervals, n and shortfall of each shown group."""

    def __init__(self) -> None:
        self._gauges = [(Gauge(f"fairstream_{value.name}", value.help, _GROUP_LABELS), value) for value in _VALUES]

    @staticmethod
    def n_series(scope: GroupScope) -> int:
        """Return the maximum number of series of one group in one window."""
        return sum(scope in value.scopes for value in _VALUES)

    def show(self, window: WindowLabels, groups: Iterable[DisclosedGroup], *, is_crossed: bool = False) -> None:
        """Replace the rows of one attribute and window."""
        self.drop(*window)
        for group in groups:
            scope = _scope_of(group, is_crossed=is_crossed)
            for gauge, value in self._gauges:
                if scope in value.scopes and (number := value.read(group)) is not None:
                    gauge.set((*window, group.group), number)

    def drop(self, *prefix: str) -> None:
        """Remove all rows whose first labels are these."""
        for gauge, _ in self._gauges:
            gauge.drop(*prefix)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (gauge.family() for gauge, _ in self._gauges)


def _scope_of(group: DisclosedGroup, *, is_crossed: bool) -> GroupScope:
    if isinstance(group.amounts, DisclosedAmounts):
        return GroupScope.CROSSED_AMOUNT if is_crossed else GroupScope.AMOUNT
    if is_crossed:
        return GroupScope.CROSSED
    if isinstance(group.proxy, ProxyValues):
        return GroupScope.PROXY
    return GroupScope.UNDECLARED if group.group in UNDECLARED else GroupScope.DECLARED


class CauseValues:
    """Composition of the gaps of the groups with most evidence."""

    def __init__(self) -> None:
        self._mix = Gauge("fairstream_cause_mix_ratio", "Part of the gap due to the mix of segments.", _GROUP_LABELS)
        self._rate = Gauge(
            "fairstream_cause_rate_ratio", "Part of the gap due to rates within segments.", _GROUP_LABELS
        )
        self._segment = Gauge(
            "fairstream_cause_segment_ratio",
            "Contribution of one segment to the gap, by mix or by rate.",
            (*_GROUP_LABELS, "segment", "part"),
        )
        self._feature = Gauge(
            "fairstream_feature_difference_ratio",
            "Difference of a feature between group and reference, in pooled standard deviations.",
            (*_GROUP_LABELS, "feature"),
        )
        self._gauges = (self._mix, self._rate, self._segment, self._feature)

    @staticmethod
    def n_series() -> int:
        """Return the maximum number of series of one group in one window: its parts, those of segments, features.

        The segments that are not shown one by one are added up as one more.
        """
        return len(_PARTS) * (1 + N_SEGMENTS + 1) + N_FEATURES

    def show(self, window: WindowLabels, groups: Iterable[DisclosedGroup]) -> None:
        """Replace the rows of one attribute and window."""
        self.drop(*window)
        for group in groups:
            if group.cause is not None:
                self._show((*window, group.group), group.cause)

    def drop(self, *prefix: str) -> None:
        """Remove all rows whose first labels are these."""
        for gauge in self._gauges:
            gauge.drop(*prefix)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (gauge.family() for gauge in self._gauges)

    def _show(self, labels: tuple[str, ...], cause: DisclosedCause) -> None:
        if cause.mix is not None and cause.rate is not None:
            self._mix.set(labels, cause.mix)
            self._rate.set(labels, cause.rate)
        for part in cause.segments:
            for name, value in zip(_PARTS, (part.mix, part.rate), strict=True):
                self._segment.set((*labels, part.segment, name), value)
        for difference in cause.features:
            self._feature.set((*labels, difference.feature), difference.standardized)


class EvidenceValues:
    """Evidence of the sequential tests of each shown pair, and the thresholds that it is compared with."""

    def __init__(self) -> None:
        self._log10_e = Gauge(
            "fairstream_evidence_log10",
            "Evidence of a sequential test, log10 e-value; during a breach that of the recovery (test ..._recovery).",
            ("model", "attribute", "group", "test"),
        )
        self._threshold = Gauge(
            "fairstream_evidence_threshold_log10",
            "Evidence at which a sequential test raises an alarm or, for ..._recovery, ends the breach, log10 e-value.",
            ("model", "attribute", "test"),
        )

    @staticmethod
    def n_series(n_tests: int, n_groups: int) -> int:
        """Return the maximum number of series of one attribute: evidence, and thresholds of alarm and recovery."""
        return n_tests * n_groups + 2 * n_tests

    def show(
        self, model: str, attribute: str, evidence: Iterable[tuple[str, Evidence]], kinds: Collection[LimitKind]
    ) -> None:
        """Replace the rows of one attribute under some kinds of limits.

        Args:
            model: Name of the model.
            attribute: Name of the attribute.
            evidence: Group and test of each pair that may be shown.
            kinds: The kinds of limits whose rows are replaced.
        """
        self._drop((model, attribute), kinds)
        for group, result in evidence:
            is_recovering = result.alarm_s is not None and result.test not in NEVER_RECOVERS
            test = f"{result.test}{_RECOVERY}" if is_recovering else result.test
            if result.log10_e is not None:
                self._log10_e.set((model, attribute, group, test), result.log10_e)
            self._threshold.set((model, attribute, test), result.log10_threshold)

    def drop(self, model: str, kinds: Collection[LimitKind]) -> None:
        """Remove the rows of a model under some kinds of limits."""
        self._drop((model,), kinds)

    def _drop(self, prefix: tuple[str, ...], kinds: Collection[LimitKind]) -> None:
        for gauge in (self._log10_e, self._threshold):
            for labels in [labels for labels in gauge.rows() if labels[: len(prefix)] == prefix]:
                if KIND_OF_TEST[PairTest(labels[-1].removesuffix(_RECOVERY))] in kinds:
                    gauge.drop(*labels)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (gauge.family() for gauge in (self._log10_e, self._threshold))
