"""The facts of each open breach, from the alarm until the recovery: what the alert says, as gauges.

Values of windows change every minute and know nothing of the alarm; texts about a breach are made from these rows. The
alert's values describe the time from the onset to the alarm. Only disclosed values are exported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import Metric

from stream_app.core.cause.cause import N_FEATURES, N_SEGMENTS
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.intervals.intervals import Interval, intervals_of_pairs
from stream_app.edges.metrics import amount_values
from stream_app.edges.metrics.incidents import About, about_of
from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.disclosure.ranking import distance_from_limit
from stream_app.pipeline.disclosure.verdict import describe_breach, describe_cause
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.values import AlertAmounts, Measured
from stream_app.pipeline.records.evidence import KIND_OF_TEST, PAIR_KINDS, LimitKind, PairTest
from stream_app.pipeline.records.results import CROSS, ProxyValues
from stream_app.policy import ModelPolicy

N_IN_BREACH = 5  # groups of an intersection that are exported while they are in breach, the worst first
_PARTS = ("mix", "rate")
_LABELS = ("model", "attribute", "kind", "group")
_INFO = (*_LABELS, "about", "incident", "reference", "test", "verdict", "cause", "policy_hash")


class BreachedPair(NamedTuple):
    """A pair that is in breach.

    Attributes:
        alert: Its alarm.
        limit: The limit that it breaks.
        incident: Attribute that names the incident that it belongs to.
    """

    alert: Alert
    limit: float
    incident: str

    @property
    def kind(self) -> LimitKind:
        """The kind of limit that it breaks."""
        return KIND_OF_TEST[self.alert.test]

    @property
    def distance(self) -> float:
        """How far its value is beyond the limit."""
        return _distance(self, self.alert)


class BreachRows:
    """Evidence, values, onset, cause and rank of each group that is in breach."""

    def __init__(self) -> None:
        self._rank = Gauge(
            "fairstream_breach_rank",
            "Place of an open breach in its incident, 1 for the first to read; its labels say what it is about.",
            _INFO,
        )
        named = (_GAUGES | amount_values.OF_BREACHES).items()
        self._gauges = {name: Gauge(f"fairstream_breach_{name}", text, _LABELS) for name, text in named}
        self._segment = Gauge(
            "fairstream_breach_cause_segment_ratio",
            "Contribution of one segment to the gap since the onset, by mix or by rate.",
            (*_LABELS, "segment", "part"),
        )
        self._feature = Gauge(
            "fairstream_breach_feature_difference_ratio",
            "Difference of a feature between group and reference since the onset, in pooled standard deviations.",
            (*_LABELS, "feature"),
        )
        self._count = Gauge(
            "fairstream_breach_groups",
            "Groups that are in breach under a limit, shown one by one or not.",
            ("model", "attribute", "kind"),
        )

    @staticmethod
    def n_series(n_groups: int, n_kinds: int, n_abouts: int = 1, *, is_crossed: bool = False) -> int:
        """Return the maximum number of series of an attribute: a group has one first limit about each kind of facts."""
        further = n_groups * (n_kinds - n_abouts) * (1 + len(_OF_FURTHER_LIMITS))
        if is_crossed:
            return n_kinds + further + n_groups * (1 + len(_GAUGES) - len(_NOT_CROSSED))
        of_cause = len(_PARTS) * (N_SEGMENTS + 1) + N_FEATURES
        return n_kinds + further + n_groups * n_abouts * (1 + len(_GAUGES) + of_cause)

    @staticmethod
    def n_series_of_means(n_groups: int, n_kinds: int) -> int:
        """Return the maximum number of series of an attribute of amounts with this many kinds of limits."""
        further = n_groups * (n_kinds - 1) * (1 + len(_OF_FURTHER_LIMITS))
        return n_kinds + further + n_groups * (1 + len(amount_values.OF_BREACHES) + len(_GAUGES.keys() - _OF_RATES))

    def show(self, model: ModelPolicy, pairs: Collection[BreachedPair], n_open: Mapping[tuple[str, str], int]) -> None:
        """Replace the rows of a model.

        Args:
            model: Its policy.
            pairs: All pairs in breach that may be shown.
            n_open: Groups in breach by attribute and kind of limit.
        """
        self.drop(model.name)
        exported = exported_of(pairs)
        for incident in {(about_of(pair.kind), pair.incident) for pair in exported}:
            own = [pair for pair in exported if (about_of(pair.kind), pair.incident) == incident]
            seen: set[tuple[str, str]] = set()
            for rank, pair in enumerate(ranked(own), start=1):
                group = (pair.alert.attribute, pair.alert.group)
                self._show(model, pair, incident[0], rank, is_lead=group not in seen)
                seen.add(group)
        for (attribute, kind), n in n_open.items():
            self._count.set((model.name, attribute, kind), n)

    def drop(self, model: str) -> None:
        """Remove all rows of a model."""
        for gauge in (self._rank, *self._gauges.values(), self._segment, self._feature, self._count):
            gauge.drop(model)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        gauges = (self._rank, *self._gauges.values(), self._segment, self._feature, self._count)
        return (gauge.family() for gauge in gauges)

    def _show(self, model: ModelPolicy, pair: BreachedPair, about: About, rank: int, *, is_lead: bool) -> None:
        alert = disclose_alert(pair.alert, model.privacy.k)
        labels = (model.name, alert.attribute, pair.kind.value, alert.group)
        is_own = alert.attribute == pair.incident  # of its intersections the cause would be the same
        verdict, cause = describe_breach(alert, pair.limit), describe_cause(alert) if is_own else ""
        names = (about.value, pair.incident, alert.reference, alert.test.value, verdict, cause, alert.policy_hash)
        self._rank.set((*labels, *names), rank)
        is_crossed = CROSS in alert.attribute
        # An alert has neither the design effect of a cluster nor the variance of an estimate, which widen intervals.
        is_estimated = model.cluster is not None or isinstance(pair.alert.proxy, ProxyValues)
        values = _values_of(pair.alert, alert, has_intervals=not is_estimated and not alert.is_rounded)
        distance = _distance(pair, alert) if alert.is_rounded else pair.distance
        values |= {"distance_ratio": None if alert.is_hidden else distance}
        for name, value in values.items():
            is_wanted = is_lead or name in _OF_FURTHER_LIMITS
            if value is not None and is_wanted and not (is_crossed and name in _NOT_CROSSED):
                self._gauges[name].set(labels, value)
        if alert.cause is not None and is_lead and not is_crossed:
            self._show_cause(labels, alert.cause)

    def _show_cause(self, labels: tuple[str, ...], cause: DisclosedCause) -> None:
        for part in cause.segments:
            for name, value in zip(_PARTS, (part.mix, part.rate), strict=True):
                self._segment.set((*labels, part.segment, name), value)
        for difference in cause.features:
            self._feature.set((*labels, difference.feature), difference.standardized)


def ranked(pairs: Iterable[BreachedPair]) -> list[BreachedPair]:
    """Return the breaches of an incident in the order in which a person should read them.

    First each group once, by the limit that says most: those of the attribute that names the incident before those of
    its intersections, the worst first. Then the same groups under their other limits.
    """
    pairs = list(pairs)
    leads = _leads(pairs)

    def place(pair: BreachedPair) -> tuple[bool, bool, int, float, str, str]:
        is_lead = leads[pair.alert.attribute, pair.alert.group] is pair
        return not is_lead, pair.alert.attribute != pair.incident, *_size(pair), pair.alert.attribute, pair.alert.group

    return sorted(pairs, key=place)


def exported_of(pairs: Iterable[BreachedPair]) -> list[BreachedPair]:
    """Return the breaches that are exported: of an intersection those of the worst groups."""
    pairs = list(pairs)
    n_groups: Counter[str] = Counter()
    exported = set()
    for (attribute, group), lead in sorted(_leads(pairs).items(), key=lambda item: (*_size(item[1]), item[0])):
        n_groups[attribute] += 1
        if CROSS not in lead.alert.attribute or n_groups[attribute] <= N_IN_BREACH:
            exported.add((attribute, group))
    return [pair for pair in pairs if (pair.alert.attribute, pair.alert.group) in exported]


def _leads(pairs: Iterable[BreachedPair]) -> dict[tuple[str, str], BreachedPair]:
    """Return the breach of each group that says most: that of the ratio before others."""
    leads: dict[tuple[str, str], BreachedPair] = {}
    for pair in sorted(pairs, key=_size):
        leads.setdefault((pair.alert.attribute, pair.alert.group), pair)
    return leads


def _size(pair: BreachedPair) -> tuple[int, float]:
    return tuple(LimitKind).index(pair.kind), -pair.distance


_GAUGES = {
    "evidence_log10": "Evidence with which a breach was detected, log10 e-value.",
    "evidence_threshold_log10": "Evidence that was needed to detect the breach, log10 e-value.",
    "distance_ratio": "How far the group is beyond the limit, in the unit of the limit.",
    "disparate_impact_ratio": "Rate of the group divided by that of the reference group, from the onset to the alarm.",
    "disparate_impact_ratio_lower": "Lower end of its 95% interval.",
    "disparate_impact_ratio_upper": "Upper end of its 95% interval.",
    "gap_ratio": "Rate of the group minus that of the reference group, from the onset to the alarm.",
    "gap_ratio_lower": "Lower end of its 95% interval.",
    "gap_ratio_upper": "Upper end of its 95% interval.",
    "favorable_ratio": "Rate of the group from the onset to the alarm.",
    "reference_favorable_ratio": "Rate of the reference group from the onset to the alarm.",
    "decisions": "Cases of the group from the onset to the alarm.",
    "reference_decisions": "Cases of the reference group from the onset to the alarm.",
    "onset_timestamp_seconds": "Estimated onset of the breach, event time.",
    "onset_earliest_timestamp_seconds": "Start of the 99% interval of the onset, for an abrupt change, event time.",
    "onset_latest_timestamp_seconds": "End of the 99% interval of the onset, for an abrupt change, event time.",
    "detected_timestamp_seconds": "When the breach was detected: end of the comparison period, event time.",
    "cause_mix_ratio": "Part of the gap since the onset due to the mix of segments.",
    "cause_rate_ratio": "Part of the gap since the onset due to rates within segments.",
}
# Of a group under its further limits: what differs from the first one.
_OF_FURTHER_LIMITS = (
    *(
        "evidence_log10",
        "evidence_threshold_log10",
        "distance_ratio",
        "gap_ratio",
        "gap_ratio_lower",
        "gap_ratio_upper",
        "mean_ratio",
    ),
    *("onset_timestamp_seconds", "detected_timestamp_seconds"),
)
# Of an intersection nothing is exported from which rate or mean of a small group could be computed, and less in all.
_NOT_CROSSED = frozenset(
    {
        "favorable_ratio",
        "reference_favorable_ratio",
        "mean_amount",
        "reference_mean_amount",
        "reference_decisions",
        "onset_earliest_timestamp_seconds",
        "onset_latest_timestamp_seconds",
        "cause_mix_ratio",
        "cause_rate_ratio",
    }
)


# Of a breach that is about means there are none of these.
_OF_RATES = frozenset(name for name in _GAUGES if "ratio" in name and name != "distance_ratio")


def _values_of(exact: Alert, alert: DisclosedAlert, *, has_intervals: bool) -> dict[str, float | None]:
    """Return the numbers of an alert; those that may not be shown are None."""
    values: dict[str, float | None] = {
        "evidence_log10": alert.log10_e,
        "evidence_threshold_log10": alert.log10_threshold,
        "onset_timestamp_seconds": alert.onset_s,
        "onset_earliest_timestamp_seconds": alert.onset_earliest_s,
        "onset_latest_timestamp_seconds": alert.onset_latest_s,
        "detected_timestamp_seconds": alert.at_s,
    }
    if alert.is_hidden:
        return values
    if isinstance(alert.amounts, DisclosedAlertAmounts):
        return values | amount_values.mean_breach_values(alert, alert.amounts)
    group = GroupCount(exact.n, exact.favorable)
    reference = GroupCount(exact.n_reference, exact.favorable_reference)
    if KIND_OF_TEST[alert.test] in PAIR_KINDS:
        values["disparate_impact_ratio"] = alert.disparate_impact_ratio
    values["gap_ratio"] = alert.gap
    if has_intervals:
        [intervals] = intervals_of_pairs([(group, reference)])
        if "disparate_impact_ratio" in values:
            values |= _ends_of("disparate_impact_ratio", intervals.ratio)
        values |= _ends_of("gap_ratio", intervals.gap)
    values |= {
        "favorable_ratio": alert.rate,
        "reference_favorable_ratio": alert.reference_rate if alert.is_rounded else approval_rate(reference),
        "decisions": alert.n,
        "reference_decisions": None if alert.test is PairTest.SCORE_DRIFT else alert.n_reference,
    }
    if alert.cause is not None:
        values |= {"cause_mix_ratio": alert.cause.mix, "cause_rate_ratio": alert.cause.rate}
    return values


def _distance(pair: BreachedPair, alert: Alert | DisclosedAlert) -> float:
    amounts = alert.amounts
    if isinstance(amounts, AlertAmounts | DisclosedAlertAmounts):
        ratio = amounts.ratio.value if isinstance(amounts.ratio, Measured) else None
        return distance_from_limit(pair.kind, ratio, amounts.difference.value, pair.limit)
    return distance_from_limit(pair.kind, alert.disparate_impact_ratio, alert.gap, pair.limit)


def _ends_of(name: str, interval: Interval) -> dict[str, float | None]:
    return {f"{name}_lower": interval.lower, f"{name}_upper": interval.upper}
