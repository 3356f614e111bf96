"""A breach in one short sentence that a person understands without knowing the metrics, and its cause in another.

Both are made of policy labels and disclosed numbers alone. They become label values in Prometheus, so their length is
limited.
"""

from __future__ import annotations

from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.sentence import describe_over_time, describe_percent, describe_points
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts
from stream_app.pipeline.disclosure.amounts.words import (
    describe_mean_breach,
    describe_mean_cause,
    describe_ratio_breach,
)
from stream_app.pipeline.disclosure.causes import DisclosedCause, DisclosedPart
from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind, PairTest
from stream_app.pipeline.records.results import ProxyValues

MAX_LENGTH = 190  # Prometheus rejects scrapes with label values of more than 200 bytes, see prometheus.yml

_RATE, _MIX = "different decisions within the same segment", "a different mix of segments"
_BY_RATE, _BY_MIX = (Driver.RATE, Driver.RATE_NOT_MIX), (Driver.MIX, Driver.MIX_NOT_RATE)
_OTHER_SEGMENTS = "other segments"
_SHARES = {  # what the rates are, after "GROUP: ..."
    LimitKind.GAP: "approval rate",
    LimitKind.EQUAL_OPPORTUNITY: "approval rate of good outcomes",
    LimitKind.FALSE_POSITIVE_RATE: "approval rate of bad outcomes",
    LimitKind.FAVORABLE_OUTCOME: "share of good outcomes among the approved",
    LimitKind.SCORE: "share of high scores",
}


def describe_breach(alert: DisclosedAlert, limit: float) -> str:
    """Say who is worse off, by how much, and what the limit is.

    Args:
        alert: The alert; its numbers may be hidden.
        limit: The limit that it is about.
    """
    kind, group, reference = KIND_OF_TEST[alert.test], alert.group, alert.reference
    if alert.test is PairTest.SCORE_DRIFT:
        return _short(f"scores of {group} have drifted from their own past")
    if isinstance(alert.amounts, DisclosedAlertAmounts):
        describe = describe_ratio_breach if kind is LimitKind.MEAN_RATIO else describe_mean_breach
        is_group_worse = alert.test not in (PairTest.MEAN_HIGH, PairTest.MEAN_RATIO_HIGH)
        rounded = " (rounded)" if alert.is_rounded else ""
        return _short(describe(alert.amounts, group, reference, is_group_worse=is_group_worse) + rounded)
    if alert.is_hidden or alert.gap is None:
        return _short(f"{group} and {reference} are treated differently; too few cases to show numbers")
    worse, better = (group, reference) if alert.gap < 0 else (reference, group)
    estimated = " (rounded)" if alert.is_rounded else ""
    if isinstance(alert.proxy, ProxyValues):  # from probabilities: nobody's group is known
        estimated = " (estimated)"
    ratio = alert.disparate_impact_ratio
    if kind is LimitKind.RATIO and ratio is not None:
        share = min(ratio, 1 / ratio) if ratio else 0.0
        percent, least = describe_percent(share, limit), describe_percent(limit, limit)
        return _short(f"{worse} approved {percent} as often as {better}; limit {least}{estimated}")
    what, points = _SHARES.get(kind, "approval rate"), describe_points(abs(alert.gap), limit)
    most = describe_points(limit, limit)
    return _short(f"{what} of {worse} {points} percentage points below {better}; limit {most}{estimated}")


def describe_cause(alert: DisclosedAlert) -> str:
    """Say what the gap of a breach consists of, and in which segment it is greatest; empty where nothing was split."""
    cause = alert.cause
    if isinstance(alert.amounts, DisclosedAlertAmounts):
        return _short(describe_mean_cause(alert.amounts))
    if cause is None:
        return ""
    if over_time := describe_over_time(cause.over_time):
        return _short(over_time)
    if cause.mix is None or cause.rate is None or cause.driver not in (*_BY_RATE, *_BY_MIX):
        return ""
    rate, mix = (f"{100 * part:+.1f} percentage points" for part in (cause.rate, cause.mix))
    if cause.driver_certainty not in (Certainty.EXPLAINS, Certainty.MAIN):
        return _short(f"{_RATE} ({rate}) and {_MIX} ({mix}), neither clearly the greater")
    is_rate = cause.driver in _BY_RATE
    text = f"{_RATE} ({rate})" if is_rate else f"{_MIX} ({mix})"
    return _short(f"mainly {text}{_greatest(cause, is_rate=is_rate)}")


def _greatest(cause: DisclosedCause, *, is_rate: bool) -> str:
    def size(part: DisclosedPart) -> float:
        return part.rate if is_rate else part.mix

    named = [part for part in cause.segments if part.segment != _OTHER_SEGMENTS]
    if len(named) <= 1:
        return ""
    part = max(named, key=lambda part: abs(size(part)))
    return f", most in {part.segment} ({100 * size(part):+.1f})"


def _short(text: str) -> str:
    """Cut a text that is longer than a label value may be, in bytes.

    >>> len(_short("x" * 500)), _short("short")
    (190, 'short')
    """
    data = text.encode()
    return text if len(data) <= MAX_LENGTH else data[: MAX_LENGTH - 3].decode(errors="ignore") + "..."
