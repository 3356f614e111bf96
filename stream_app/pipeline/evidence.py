"""What the sequential tests say about one pair, as it stands in results and alerts."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from stream_app.core.fairness.pairs import Rule, State, worst_of


class PairTest(enum.StrEnum):
    """One question that is asked about a pair all the time; *low*: is the group worse off, *high*: the reference."""

    RATIO_LOW = "ratio_low"  # rate of the group < minimum ratio * rate of the reference
    RATIO_HIGH = "ratio_high"  # rate of the reference < minimum ratio * rate of the group
    GAP_LOW = "gap_low"  # rate of the group < rate of the reference - maximum gap
    GAP_HIGH = "gap_high"  # rate of the reference < rate of the group - maximum gap


class Kind(enum.StrEnum):
    """The limits of a policy, each with the tests that watch it; what an alert level is about."""

    RATIO = "disparate_impact_ratio"
    GAP = "gap"


KIND_OF_TEST = {
    PairTest.RATIO_LOW: Kind.RATIO,
    PairTest.RATIO_HIGH: Kind.RATIO,
    PairTest.GAP_LOW: Kind.GAP,
    PairTest.GAP_HIGH: Kind.GAP,
}
KIND_OF_RULE = {
    Rule.DISPARATE_IMPACT_RATIO: Kind.RATIO,
    Rule.DISPARATE_IMPACT_UNDEFINED: Kind.RATIO,
    Rule.GAP: Kind.GAP,
}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One test of one pair, at the end of a window.

    Attributes:
        test: The question.
        state: ``breach`` from the alarm until the all-clear, ``insufficient`` while there is too little to say,
            ``watch`` when it may be about to alarm or the window's interval lies beyond the limit.
        log10_e: Evidence of the Shiryaev-Roberts e-detector, log10; while in breach, of the all-clear test. None
            before there is any.
        log10_threshold: At which it alarms, or clears while in breach.
        found_s: Start of the pane with the alarm, event time; None unless in breach.
        onset_s: Likely start of the breach, event time; None unless in watch or breach.
        is_shown_fair: Whether the window's interval lies wholly within the limit.
    """

    test: PairTest
    state: State
    log10_e: float | None
    log10_threshold: float
    found_s: int | None
    onset_s: int | None
    is_shown_fair: bool


def state_under(evidence: Iterable[Evidence], kind: Kind | None = None) -> State | None:
    """Return the worst state under one kind of limit, or under all; None where nothing is tested."""
    states = [each.state for each in evidence if kind is None or KIND_OF_TEST[each.test] is kind]
    return worst_of(states) if states else None
