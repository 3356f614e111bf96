"""A verdict in one plain sentence: the ratio first, then the rate difference, numbers, onset, main cause, shortfall.

The sentence is about groups and segments, never about a person, and gives no number about fewer than k decisions. It
checks n >= k only; where a group is hidden so that another cannot be computed by subtraction, the caller leaves the
sentence out. It says what differs, not why in the sense of a cause: the split is statistical. A part, a segment or a
feature is named only where chance would name it in 5 % of cases at most (``certainty``); else there are numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from stream_app.core.cause.cause import Cause, SegmentPart
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.features import FeatureDifference, NoDifference
from stream_app.core.cause.over_time import TimeParts

_RATE, _MIX = "within-segment differences (rate effect)", "composition (mix effect)"
_DRIVERS = {Driver.RATE: _RATE, Driver.RATE_NOT_MIX: _RATE, Driver.MIX: _MIX, Driver.MIX_NOT_RATE: _MIX}
_OVER_TIME = "when the groups applied (mix over time)"
_CERTAINTIES = {Certainty.EXPLAINS: "explained by", Certainty.MAIN: "mainly"}
Ends = tuple[float | None, float | None]
_NEARLY_ALL = 0.9
FOR_EVERY_ALLOCATION = "detected for every allocation of the unknown groups"
_MOST_DIGITS = 9  # a number that needs more to differ visibly from its limit is written in full


@dataclass(frozen=True, kw_only=True)
class VerdictFacts:
    """What a sentence is about.

    Attributes:
        group: The group in words, for example ``female`` or ``female, black``.
        reference: The reference group in words.
        n: Decisions about the group.
        n_reference: Decisions about the reference group.
        disparate_impact_ratio: Rate of the group / rate of the reference; None when it cannot be formed.
        min_disparate_impact_ratio: The limit of the ratio rule.
        max_gap: The limit of the gap rule.
        is_judged: Whether both groups have enough decisions for a verdict.
        segment_name: Name of the field whose values are the segments; None for none.
        onset_s: Estimated onset of a breach that was detected, event time in seconds since the epoch; None without one.
        onset_ends_s: Earliest and latest onset, the 99 % interval; None where there is none.
        is_over: Whether the breach has ended; ``onset_s`` is then the estimated time of its end.
        is_worst_case: Whether what was detected holds for every allocation of the decisions of unknown groups.
    """

    group: str
    reference: str
    n: int
    n_reference: int
    disparate_impact_ratio: float | None
    min_disparate_impact_ratio: float = 0.8
    max_gap: float = 0.2
    is_judged: bool = True
    segment_name: str | None = None
    onset_s: float | None = None
    onset_ends_s: Ends = (None, None)
    is_over: bool = False
    is_worst_case: bool = False


def describe_verdict(facts: VerdictFacts, cause: Cause, *, k: int) -> str:
    r"""Describe a pair in one sentence.

    Args:
        facts: The pair and its ratio.
        cause: Why its groups differ.
        k: Fewest decisions about which a number may be given.

    >>> from stream_app.core.cause.cause import explain_pair
    >>> women, men = {"auto": (500, 110), "home": (500, 340)}, {"auto": (500, 330), "home": (500, 370)}
    >>> facts = VerdictFacts(group="female", reference="male", n=1000, n_reference=1000,
    ...     disparate_impact_ratio=450 / 700, segment_name="product", onset_s=1767225600)
    >>> text = describe_verdict(facts, explain_pair(women, men, shortfall=110), k=10)
    >>> for clause in text.split("; "):
    ...     print(clause.replace(", n =", ",\n  n ="))
    DIR 0.64 (limit 0.80), female vs. male: rate difference -25 percentage points (limit ±20),
      n = 1000 and 1000, estimated onset 2026-01-01T00:00:00Z
    explained by within-segment differences (rate effect)
    segment product=auto contributes 88% of the gap
    shortfall: 110 approvals to reach DIR 0.80
    statistical, not causal.
    """
    if min(facts.n, facts.n_reference) < k:
        return f"DIR not shown: fewer than {k} decisions about {facts.group} or about {facts.reference}."
    clauses = [
        _headline(facts, cause),
        FOR_EVERY_ALLOCATION if facts.is_worst_case and facts.onset_s is not None else "",
        *_split(facts, cause, k),
        _simpson(cause),
        _features(cause, k),
        _shortfall(facts, cause),
        "statistical, not causal" if cause.gap else "",
    ]
    return "; ".join(clause for clause in clauses if clause) + "."


def describe_onset(onset_s: float, ends_s: Ends = (None, None), *, is_over: bool = False) -> str:
    """Return the estimated onset of a breach in words, or its probable end, with its 99 % interval where there is one.

    >>> describe_onset(1767225600), describe_onset(1767225600, is_over=True)
    ('estimated onset 2026-01-01T00:00:00Z', 'probably ended at 2026-01-01T00:00:00Z')
    >>> describe_onset(1767225600, (1767225540, 1767225660))
    'estimated onset 2026-01-01T00:00:00Z (99% CI 2025-12-31T23:59:00Z to 2026-01-01T00:01:00Z)'
    """
    earliest_s, latest_s = ends_s
    interval = "" if earliest_s is None or latest_s is None else f" (99% CI {_utc(earliest_s)} to {_utc(latest_s)})"
    return f"{'probably ended at' if is_over else 'estimated onset'} {_utc(onset_s)}{interval}"


def describe_difference(gap: float, limit: float) -> str:
    """Return a difference of rates in percentage points, with its limit.

    >>> describe_difference(-0.2938, 0.2), describe_difference(0.2004, 0.2), describe_difference(0.0, 0.125)
    ('-29 percentage points (limit ±20)', '+20.04 percentage points (limit ±20)', '0 percentage points (limit ±12.5)')
    """
    sign = "-" if gap < 0 else "+" if gap else ""
    unit = "percentage point" if (points := _points(_digits(abs(gap), limit))) == "1" else "percentage points"
    return f"{sign}{points} {unit} (limit ±{_points(repr(limit))})"


def describe_percent(share: float, limit: float) -> str:
    """Return a share in percent, with as many digits as show on which side of its limit it is.

    >>> describe_percent(0.5496, 0.8), describe_percent(0.7996, 0.8), describe_percent(0.8, 0.8)
    ('55%', '79.96%', '80%')
    """
    return f"{describe_points(share, limit)}%"


def describe_points(share: float, limit: float) -> str:
    """Return a share >= 0 as a number of percentage points, with digits as above.

    >>> describe_points(0.3146, 0.2), describe_points(0.125, 0.125)
    ('31', '12.5')
    """
    return _points(repr(limit) if share == limit else _digits(share, limit))


def describe_over_time(parts: TimeParts | None) -> str:
    """Say that a gap is mix over time, where it clearly is; else the empty string.

    >>> parts = TimeParts(n_periods=2, mix_over_time=-0.35, mix=0.0, rate=-0.01, certainty=Certainty.EXPLAINS)
    >>> describe_over_time(parts)
    'explained by when the groups applied (mix over time), at equal times -1.0 percentage points'
    """
    if parts is None or parts.certainty not in _CERTAINTIES:
        return ""
    return f"{_CERTAINTIES[parts.certainty]} {_OVER_TIME}, at equal times {_signed(parts.mix + parts.rate)}"


def _headline(facts: VerdictFacts, cause: Cause) -> str:
    numbers = [
        "" if cause.gap is None else f"rate difference {describe_difference(cause.gap, facts.max_gap)}",
        f"n = {facts.n} and {facts.n_reference}",
        "" if facts.onset_s is None else describe_onset(facts.onset_s, facts.onset_ends_s, is_over=facts.is_over),
    ]
    pair = f"{facts.group} vs. {facts.reference}"
    return f"{_ratio(facts, cause)}, {pair}: {', '.join(number for number in numbers if number)}"


def _ratio(facts: VerdictFacts, cause: Cause) -> str:
    ratio, limit = facts.disparate_impact_ratio, facts.min_disparate_impact_ratio
    if not facts.n:
        return f"DIR not computable (no decisions about {facts.group})"
    if not facts.n_reference:
        return f"DIR not computable (no decisions about {facts.reference})"
    if ratio is None:
        return "DIR not computable (reference rate zero)"
    text = f"DIR {_digits(ratio, limit)}"
    if not facts.is_judged:
        return f"{text} (limit {_limit(limit)}), too few decisions to judge"
    if facts.is_over and ratio >= limit and abs(cause.gap or 0.0) <= facts.max_gap:
        return f"{text}, no longer below {_limit(limit)}: breach closed"
    return f"{text} (limit {_limit(limit)})"


def _split(facts: VerdictFacts, cause: Cause, k: int) -> tuple[str, ...]:
    """Return what the gap is made of; a part is named only where chance would seldom name it."""
    if over_time := describe_over_time(cause.over_time):
        return (over_time,)
    if cause.driver not in _DRIVERS or cause.mix is None or cause.rate is None:
        return ()
    if cause.driver_certainty not in _CERTAINTIES:
        return (f"{_RATE} {_signed(cause.rate)} and {_MIX} {_signed(cause.mix)}, neither clearly the greater",)
    return f"{_CERTAINTIES[cause.driver_certainty]} {_DRIVERS[cause.driver]}", _leader(facts, cause, k)


def _leader(facts: VerdictFacts, cause: Cause, k: int) -> str:
    """Return which segment contributes most, where that is clear."""
    leader = next((part for part in cause.segments if part.segment == cause.leading_segment), None)
    if leader is None or not cause.is_leader_clear or cause.leading_share is None or cause.gap is None:
        return "no segment clearly contributes most"
    if _is_small(leader, k):
        return "the segment that contributes most has too few decisions to be named"
    name = leader.segment if facts.segment_name is None else f"{facts.segment_name}={leader.segment}"
    if cause.leading_share <= 1:
        return f"segment {name} contributes {_percent(cause.leading_share)} of the gap"
    return f"segment {name} contributes {_signed(cause.leading_share * cause.gap)}, other segments narrow the gap"


def _simpson(cause: Cause) -> str:
    if not cause.simpson or cause.opposite_share is None:
        return ""
    if cause.opposite_share < _NEARLY_ALL:
        where = f"in segments with {_percent(cause.opposite_share)} of the decisions"
    else:
        where = "in all segments" if cause.opposite_share == 1 else "in nearly all segments"
    return f"{where} the gap points the other way (Simpson's paradox)"


def _features(cause: Cause, k: int) -> str:
    """Return the features that differ by more than chance; which of them differs most may be chance."""
    clear = [feature for feature in cause.features if feature.is_clear and min(feature.n, feature.n_reference) >= k]
    if not clear:
        return ""
    differences = ", ".join(f"{feature.feature} ({_size(feature)})" for feature in clear)
    return f"feature {'difference' if len(clear) == 1 else 'differences'}: {differences}"


def _size(feature: FeatureDifference) -> str:
    if feature.reason is NoDifference.SEPARATES:
        return "one constant value in each group"
    return f"standardized mean difference {feature.standardized:+.2f}"


def _is_small(part: SegmentPart, k: int) -> bool:
    return min(part.n, part.n_reference) < k


def _shortfall(facts: VerdictFacts, cause: Cause) -> str:
    if not cause.shortfall:
        return ""
    approvals = "approval" if cause.shortfall == 1 else "approvals"
    return f"shortfall: {cause.shortfall} {approvals} to reach DIR {_limit(facts.min_disparate_impact_ratio)}"


def _limit(limit: float) -> str:
    """Write a limit with two digits, or with all that the policy gives."""
    text = f"{limit:.2f}"
    return text if float(text) == limit else f"{limit:g}"


def _digits(value: float, limit: float) -> str:
    """Write a number >= 0 with two digits, or with as many as show on which side of its limit and of 0 it is."""
    for digits in range(2, _MOST_DIGITS + 1):
        text = f"{value:.{digits}f}"
        shown = float(text)
        if (shown < limit, shown > limit, shown > 0) == (value < limit, value > limit, value > 0):
            return text
    return repr(value)


def _points(share: str) -> str:
    """Write a share as percentage points, digit by digit.

    >>> _points("0.29"), _points("0.2004"), _points("0.00")
    ('29', '20.04', '0')
    """
    text = format(Decimal(share).scaleb(2), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} percentage points"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _utc(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat().replace("+00:00", "Z")
