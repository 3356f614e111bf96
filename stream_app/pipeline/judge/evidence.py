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
    TPR_LOW = "tpr_low"  # favourable decisions among good outcomes: group < reference - maximum rate difference
    TPR_HIGH = "tpr_high"
    FPR_LOW = "fpr_low"  # favourable decisions among bad outcomes
    FPR_HIGH = "fpr_high"
    OUTCOME_LOW = "outcome_low"  # good outcomes among favourable decisions (the outcome test)
    OUTCOME_HIGH = "outcome_high"
    SCORE_LOW = "score_low"  # scores from the cut on: group < reference - maximum gap
    SCORE_HIGH = "score_high"
    SCORE_DRIFT = "score_drift"  # scores of a group lie otherwise in the bins than in its own past


class Kind(enum.StrEnum):
    """The limits of a policy, each with the tests that watch it; what an alert level is about."""

    RATIO = "disparate_impact_ratio"
    GAP = "gap"
    EQUAL_OPPORTUNITY = "equal_opportunity"
    FALSE_POSITIVE_RATE = "false_positive_rate"
    FAVOURABLE_OUTCOME = "favourable_outcome"
    SCORE = "score"


PAIR_KINDS = (Kind.RATIO, Kind.GAP)  # of every pair's decisions
OUTCOME_KINDS = (Kind.EQUAL_OPPORTUNITY, Kind.FALSE_POSITIVE_RATE, Kind.FAVOURABLE_OUTCOME)

KIND_OF_TEST = {
    PairTest.RATIO_LOW: Kind.RATIO,
    PairTest.RATIO_HIGH: Kind.RATIO,
    PairTest.GAP_LOW: Kind.GAP,
    PairTest.GAP_HIGH: Kind.GAP,
    PairTest.TPR_LOW: Kind.EQUAL_OPPORTUNITY,
    PairTest.TPR_HIGH: Kind.EQUAL_OPPORTUNITY,
    PairTest.FPR_LOW: Kind.FALSE_POSITIVE_RATE,
    PairTest.FPR_HIGH: Kind.FALSE_POSITIVE_RATE,
    PairTest.OUTCOME_LOW: Kind.FAVOURABLE_OUTCOME,
    PairTest.OUTCOME_HIGH: Kind.FAVOURABLE_OUTCOME,
    PairTest.SCORE_LOW: Kind.SCORE,
    PairTest.SCORE_HIGH: Kind.SCORE,
    PairTest.SCORE_DRIFT: Kind.SCORE,
}
NEVER_CLEARED = frozenset({PairTest.SCORE_DRIFT})  # in breach until the policy changes
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
            ``watch`` when it may be about to alarm or the window's interval lies beyond the limit. A breach of
            ``score_drift`` has no all-clear: it lasts until the policy gathers new references.
        log10_e: Evidence of the Shiryaev-Roberts e-detector, log10; while in breach, of the all-clear test. None
            before there is any. A breach without an all-clear keeps that of its alarm.
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
