"""Each group against the group with the highest rate, as selection audits require it.

Not for detectors: which group is highest is decided by the same counts, and the greatest of several rates is too great
by chance. With equal true rates every other group is then below it, and no false-alarm bound is valid, because the null
hypothesis would change with the data. Detectors compare with the reference group that the policy fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from stream_app.core.groups.comparison import Reason, disparate_impact_ratio
from stream_app.core.groups.counts import GroupCount


@dataclass(frozen=True)
class ImpactRatios:
    """Groups beside the one with the highest rate.

    Attributes:
        highest: The group with the highest rate, the first of them where several are equal; None without decisions.
        ratios: Rate of the group / highest rate, in [0, 1], by group; None when it cannot be formed.
        reasons: Why a ratio is missing, by group; only groups without one.
        left_out: Groups with too small a share of the decisions to be the highest, in the order given.
    """

    highest: str | None
    ratios: dict[str, float | None]
    reasons: dict[str, Reason]
    left_out: tuple[str, ...]


def impact_ratios(counts: Mapping[str, GroupCount], min_share: Fraction = Fraction(0)) -> ImpactRatios:
    """Return ``(k/n) / max over groups (k/n)`` for each group; the highest is determined on exact fractions.

    Args:
        counts: Decisions by group; groups may be empty.
        min_share: Groups with a smaller share of all decisions are left out of the search for the highest rate, and
            their ratio may exceed 1. New York's rules permit 1/50.

    Source: 29 CFR 1607.4(D); 6 RCNY 5-300 "impact ratio" and 5-301 (New York City, Local Law 144).

    >>> black, white = GroupCount(197, 133), GroupCount(1681, 1527)
    >>> impact = impact_ratios({"black": black, "white": white, "other": GroupCount(0, 0)})
    >>> impact.highest, round(impact.ratios["black"], 6), impact.ratios["white"], impact.reasons["other"].value
    ('white', 0.743214, 1.0, 'no_decisions')
    """
    least_n = min_share * sum(count.n for count in counts.values())
    large = {group: count for group, count in counts.items() if count.n and count.n >= least_n}
    left_out = tuple(group for group, count in counts.items() if count.n and group not in large)
    if not large:
        return ImpactRatios(None, dict.fromkeys(counts), dict.fromkeys(counts, Reason.NO_DECISIONS), left_out)
    highest = max(large, key=lambda group: Fraction(large[group].favorable, large[group].n))
    ratios = {group: disparate_impact_ratio(count, large[highest]) for group, count in counts.items()}
    reasons = {
        group: Reason.REFERENCE_RATE_ZERO if counts[group].n else Reason.NO_DECISIONS
        for group, ratio in ratios.items()
        if ratio is None
    }
    return ImpactRatios(highest, ratios, reasons, left_out)
