"""A verdict in one plain sentence: the ratio first, then gap, numbers, since when, main cause, shortfall.

The sentence speaks of groups and segments, never of a person, and gives no number about fewer than k decisions. It
checks n >= k only; where a group is hidden so that another cannot be found by subtraction, the caller leaves the
sentence out. It says what differs, not why in the sense of a cause: the split is statistical.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from stream_app.core.cause.cause import Cause, SegmentPart
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.features import FeatureDifference, Imbalance, NoDifference

_DRIVERS = {
    Driver.RATE: "mostly rate",
    Driver.MIX: "mostly mix",
    Driver.RATE_NOT_MIX: "rate, not mix",
    Driver.MIX_NOT_RATE: "mix, not rate",
}
_NEARLY_ALL = 0.9
_MOST_DIGITS = 9  # what needs more to be told from its limit is written in full


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
        onset_s: Likely start of a breach that was found, event time in seconds since the epoch; None without one.
        is_over: Whether the breach was found to be over; ``onset_s`` is then its likely end.
    """

    group: str
    reference: str
    n: int
    n_reference: int
    disparate_impact_ratio: float | None
    min_disparate_impact_ratio: float = 0.8
    max_gap: float = 0.2
    is_judged: bool = True
    onset_s: float | None = None
    is_over: bool = False


def describe_verdict(finding: VerdictFacts, cause: Cause, *, k: int) -> str:
    r"""Say in one sentence what was found about a pair.

    Args:
        finding: The pair and its ratio.
        cause: Why its groups differ.
        k: Fewest decisions about which a number may be given.

    >>> from stream_app.core.cause.cause import explain_pair
    >>> women, men = {"auto": (500, 110), "home": (500, 340)}, {"auto": (500, 330), "home": (500, 370)}
    >>> finding = VerdictFacts(group="female", reference="male", n=1000, n_reference=1000,
    ...     disparate_impact_ratio=450 / 700, onset_s=1767225600)
    >>> text = describe_verdict(finding, explain_pair(women, men, shortfall=110), k=10)
    >>> for clause in text.split("; "):
    ...     print(clause.replace(", likely", ",\n  likely"))
    DIR = 0.64 (< 0.8), female against male: gap -0.25 (beyond 0.2), n = 1000 and 1000,
      likely since 2026-01-01T00:00:00Z
    rate, not mix: segment auto explains 88 % of the gap
    110 more favorable decisions were needed
    statistical, not causal.
    """
    if min(finding.n, finding.n_reference) < k:
        return f"DIR not shown: fewer than {k} decisions about {finding.group} or about {finding.reference}."
    clauses = [
        _headline(finding, cause),
        _causes(finding, cause, k),
        _shortfall(cause),
        "statistical, not causal" if cause.gap else "",
    ]
    return "; ".join(clause for clause in clauses if clause) + "."


def describe_onset(onset_s: float, *, is_over: bool = False) -> str:
    """Say since when a breach has likely lasted, or has likely been over.

    >>> describe_onset(1767225600), describe_onset(1767225600, is_over=True)
    ('likely since 2026-01-01T00:00:00Z', 'likely over since 2026-01-01T00:00:00Z')
    """
    return f"likely {'over ' if is_over else ''}since {_utc(onset_s)}"


def _headline(finding: VerdictFacts, cause: Cause) -> str:
    facts = [
        "" if cause.gap is None else _gap(cause.gap, finding.max_gap),
        f"n = {finding.n} and {finding.n_reference}",
        "" if finding.onset_s is None else describe_onset(finding.onset_s, is_over=finding.is_over),
    ]
    pair = f"{finding.group} against {finding.reference}"
    return f"{_ratio(finding)}{_status(finding, cause)}, {pair}: {', '.join(fact for fact in facts if fact)}"


def _ratio(finding: VerdictFacts) -> str:
    ratio, limit = finding.disparate_impact_ratio, finding.min_disparate_impact_ratio
    if not finding.n:
        return f"DIR not computable (no decisions about {finding.group})"
    if not finding.n_reference:
        return f"DIR not computable (no decisions about {finding.reference})"
    if ratio is None:
        return "DIR not computable (reference rate zero)"
    return f"DIR = {_digits(ratio, limit)} ({'<' if ratio < limit else 'not <'} {limit:g})"


def _status(finding: VerdictFacts, cause: Cause) -> str:
    if not finding.is_judged:
        return ", too few decisions to judge"
    return ", system considered fair" if _is_fair(finding, cause) else ""


def _is_fair(finding: VerdictFacts, cause: Cause) -> bool:
    ratio, gap = finding.disparate_impact_ratio, cause.gap
    is_in_breach = finding.onset_s is not None and not finding.is_over
    if not finding.is_judged or is_in_breach or ratio is None or gap is None:
        return False
    return ratio >= finding.min_disparate_impact_ratio and abs(gap) <= finding.max_gap


def _gap(gap: float, limit: float) -> str:
    sign = "-" if gap < 0 else "+" if gap else ""
    beyond = f" (beyond {limit:g})" if abs(gap) > limit else ""
    return f"gap {sign}{_digits(abs(gap), limit)}{beyond}"


def _causes(finding: VerdictFacts, cause: Cause, k: int) -> str:
    causes = [text for text in (_split(cause, k), _simpson(cause), _feature(cause, k)) if text]
    minor = "minor factors: " if causes and _is_fair(finding, cause) else ""
    return minor + ", ".join(causes)


def _split(cause: Cause, k: int) -> str:
    leader = next((part for part in cause.segments if part.segment == cause.leading_segment), None)
    if leader is None or cause.leading_share is None:
        return ""
    if _is_small(leader, k):
        return f"{_DRIVERS[cause.driver]}: the segment that explains most has too few decisions to be named"
    explained = f"segment {leader.segment} explains {_percent(cause.leading_share)} of the gap"
    return f"{_DRIVERS[cause.driver]}: {explained}{', others narrow it' if cause.leading_share > 1 else ''}"


def _simpson(cause: Cause) -> str:
    if not cause.simpson or cause.opposite_share is None:
        return ""
    if cause.opposite_share < _NEARLY_ALL:
        where = f"in segments with {_percent(cause.opposite_share)} of the decisions"
    else:
        where = "in all segments" if cause.opposite_share == 1 else "in nearly all segments"
    return f"{where} it points the other way (Simpson's paradox)"


def _feature(cause: Cause, k: int) -> str:
    found = next((feature for feature in cause.features if _is_telling(feature, k)), None)
    if found is None:
        return ""
    if found.reason is NoDifference.SEPARATES:
        return f"{found.feature} separates the groups"
    return f"{found.feature} differs most (d = {found.standardised:+.2f})"


def _is_telling(feature: FeatureDifference, k: int) -> bool:
    is_different = feature.imbalance in (Imbalance.NOTICEABLE, Imbalance.LARGE)
    return is_different and min(feature.n, feature.n_reference) >= k


def _is_small(part: SegmentPart, k: int) -> bool:
    return min(part.n, part.n_reference) < k


def _shortfall(cause: Cause) -> str:
    if not cause.shortfall:
        return ""
    needed = "decision was" if cause.shortfall == 1 else "decisions were"
    return f"{cause.shortfall} more favorable {needed} needed"


def _digits(value: float, limit: float) -> str:
    """Write a number >= 0 with two digits, or with as many as show on which side of its limit and of 0 it lies."""
    for digits in range(2, _MOST_DIGITS + 1):
        text = f"{value:.{digits}f}"
        shown = float(text)
        if (shown < limit, shown > limit, shown > 0) == (value < limit, value > limit, value > 0):
            return text
    return repr(value)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _utc(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat().replace("+00:00", "Z")
