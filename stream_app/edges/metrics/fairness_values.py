"""The gauges of one group in one window, and how each is read from a disclosed result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from prometheus_client import Metric

from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.records.evidence import KIND_OF_TEST, NEVER_RECOVERS, Evidence, LimitKind, PairTest
from stream_app.pipeline.records.results import Bounds

N_VALUES = 12  # gauges of a declared group
N_UNDECLARED = 6  # of unknown or unlisted values, which have no intervals of ratio and gap and no shortfall
N_CROSSED = 7  # of an intersection: ratio and gap with intervals, n
N_CAUSE = 2 + 2 * 6 + 3  # most cause rows of one group: its parts, those of six segments, three features
_CLEAR = "_recovery"  # ends the name of a test while it looks for the end of a breach
_GROUP_LABELS = ("model", "attribute", "window", "group")

WindowLabels = tuple[str, str, str]  # model, attribute, window


def _lower(bounds: Bounds | None) -> float | None:
    return bounds.lower if bounds else None


def _upper(bounds: Bounds | None) -> float | None:
    return bounds.upper if bounds else None


def _shortfall_ratio(group: DisclosedGroup) -> float | None:
    return group.shortfall / group.n if group.n and group.shortfall is not None else None


_VALUES: tuple[tuple[str, str, Callable[[DisclosedGroup], float | None]], ...] = (
    ("approval_ratio", "Approval rate of a group in the last closed window.", lambda g: g.rate),
    ("approval_ratio_lower", "Lower end of the 95 % interval of the approval rate.", lambda g: _lower(g.rate_bounds)),
    ("approval_ratio_upper", "Upper end of the 95 % interval of the approval rate.", lambda g: _upper(g.rate_bounds)),
    (
        "disparate_impact_ratio",
        "Approval rate of a group divided by that of the reference group.",
        lambda g: g.disparate_impact_ratio,
    ),
    ("disparate_impact_ratio_lower", "Lower end of its 95 % interval.", lambda g: _lower(g.ratio_bounds)),
    ("disparate_impact_ratio_upper", "Upper end of its 95 % interval.", lambda g: _upper(g.ratio_bounds)),
    (
        "approval_gap_ratio",
        "Approval rate of a group minus that of the reference group; negative is harm.",
        lambda g: g.gap,
    ),
    ("approval_gap_ratio_lower", "Lower end of its 95 % interval.", lambda g: _lower(g.gap_bounds)),
    ("approval_gap_ratio_upper", "Upper end of its 95 % interval.", lambda g: _upper(g.gap_bounds)),
    ("window_decisions", "Decisions about a group in the last closed window.", lambda g: g.n),
    (
        "score_stability_index",
        "Population stability index of a group's scores against its own past.",
        lambda g: g.scores.index if g.scores else None,
    ),
    (
        "shortfall_ratio",
        "Approvals that a group lacks to meet the ratio rule, as a share of its decisions.",
        _shortfall_ratio,
    ),
)


class GroupValues:
    """Rates, ratios, gaps with their intervals, n and shortfall of each shown group."""

    def __init__(self) -> None:
        self._gauges = [(Gauge(f"fairstream_{name}", text, _GROUP_LABELS), read) for name, text, read in _VALUES]

    def show(self, window: WindowLabels, groups: Iterable[DisclosedGroup]) -> None:
        """Replace the rows of one attribute and window."""
        self.drop(*window)
        for group in groups:
            for gauge, read in self._gauges:
                if (value := read(group)) is not None:
                    gauge.set((*window, group.group), value)

    def drop(self, *prefix: str) -> None:
        """Remove all rows whose first labels are these."""
        for gauge, _ in self._gauges:
            gauge.drop(*prefix)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (gauge.family() for gauge, _ in self._gauges)


class CauseValues:
    """What the gaps of remarkable groups are made of."""

    def __init__(self) -> None:
        self._mix = Gauge("fairstream_cause_mix_ratio", "Part of the gap from the mix of segments.", _GROUP_LABELS)
        self._rate = Gauge("fairstream_cause_rate_ratio", "Part of the gap from rates inside segments.", _GROUP_LABELS)
        self._segment = Gauge(
            "fairstream_cause_segment_ratio",
            "What one segment adds to the gap, by mix or by rate.",
            (*_GROUP_LABELS, "segment", "part"),
        )
        self._feature = Gauge(
            "fairstream_feature_difference_ratio",
            "Difference of a feature between group and reference, in pooled standard deviations.",
            (*_GROUP_LABELS, "feature"),
        )
        self._gauges = (self._mix, self._rate, self._segment, self._feature)

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
            self._segment.set((*labels, part.segment, "mix"), part.mix)
            self._segment.set((*labels, part.segment, "rate"), part.rate)
        for each in cause.features:
            self._feature.set((*labels, each.feature), each.standardized)


class EvidenceValues:
    """How the sequential tests of each shown pair stand, and from what time on a breach is likely."""

    def __init__(self) -> None:
        self._log10_e = Gauge(
            "fairstream_evidence_log10",
            "Evidence of a sequential test, log10; during a breach that of its recovery (test ..._recovery).",
            ("model", "attribute", "group", "test"),
        )
        self._threshold = Gauge(
            "fairstream_evidence_threshold_log10",
            "Evidence at which a sequential test alarms or clears, log10.",
            ("model", "attribute", "test"),
        )

    def show(
        self, model: str, attribute: str, evidence: Iterable[tuple[str, Evidence]], kinds: Collection[LimitKind]
    ) -> None:
        """Replace the rows of one attribute under some kinds of limits.

        Args:
            model: Name of the model.
            attribute: Name of the attribute.
            evidence: Group and test, of each pair that may be seen.
            kinds: The limits that were looked at.
        """
        self._drop((model, attribute), kinds)
        for group, each in evidence:
            is_clearing = each.alarm_s is not None and each.test not in NEVER_RECOVERS
            test = f"{each.test}{_CLEAR}" if is_clearing else each.test
            if each.log10_e is not None:
                self._log10_e.set((model, attribute, group, test), each.log10_e)
            self._threshold.set((model, attribute, test), each.log10_threshold)

    def drop(self, model: str, kinds: Collection[LimitKind]) -> None:
        """Remove the rows of a model under some kinds of limits."""
        self._drop((model,), kinds)

    def _drop(self, prefix: tuple[str, ...], kinds: Collection[LimitKind]) -> None:
        for gauge in (self._log10_e, self._threshold):
            for labels in [labels for labels in gauge.rows() if labels[: len(prefix)] == prefix]:
                if KIND_OF_TEST[PairTest(labels[-1].removesuffix(_CLEAR))] in kinds:
                    gauge.drop(*labels)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (gauge.family() for gauge in (self._log10_e, self._threshold))
