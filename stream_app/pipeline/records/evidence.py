"""The evidence of the sequential tests about one pair, as results and alerts contain it."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from stream_app.core.groups.comparison import PlainRule, State, worst_of


class PairTest(enum.StrEnum):
    """A sequential test of a pair; *low*: is the group worse off, *high*: is the reference."""

    RATIO_LOW = "ratio_low"  # rate of the group < minimum ratio * rate of the reference
    RATIO_HIGH = "ratio_high"  # rate of the reference < minimum ratio * rate of the group
    GAP_LOW = "gap_low"  # rate of the group < rate of the reference - maximum gap
    GAP_HIGH = "gap_high"  # rate of the reference < rate of the group - maximum gap
    TPR_LOW = "tpr_low"  # favorable decisions among good outcomes: group < reference - maximum rate difference
    TPR_HIGH = "tpr_high"
    FPR_LOW = "fpr_low"  # favorable decisions among bad outcomes
    FPR_HIGH = "fpr_high"
    OUTCOME_LOW = "outcome_low"  # good outcomes among favorable decisions (the outcome test)
    OUTCOME_HIGH = "outcome_high"
    SCORE_LOW = "score_low"  # scores from the cut on: group < reference - maximum gap
    SCORE_HIGH = "score_high"
    MEAN_LOW = "mean_low"  # mean amount of the group is worse for people than that of the reference by the limit
    MEAN_HIGH = "mean_high"  # that of the reference is
    MEAN_RATIO_LOW = "mean_ratio_low"  # the ratio of the means is beyond its limit, and the group worse off
    MEAN_RATIO_HIGH = "mean_ratio_high"  # the reference is
    SCORE_DRIFT = "score_drift"  # scores of a group are distributed over the bins differently than in its own past


class LimitKind(enum.StrEnum):
    """The limits of a policy, each with the tests that monitor it; what an alert level is about.

    Not the same as ``core.detection.rules.RuleKind`` (how a test compares two rates: every limit but the first is
    tested by the gap of some share) nor as ``core.groups.comparison.PlainRule`` (how the point values of a window break
    the limits of decisions; ``KIND_OF_RULE`` maps it here).
    """

    RATIO = "disparate_impact_ratio"
    GAP = "gap"
    EQUAL_OPPORTUNITY = "equal_opportunity"
    FALSE_POSITIVE_RATE = "false_positive_rate"
    FAVORABLE_OUTCOME = "favorable_outcome"
    SCORE = "score"
    MEAN = "mean_difference"
    MEAN_RATIO = "mean_ratio"


PAIR_KINDS = (LimitKind.RATIO, LimitKind.GAP)  # of every pair's decisions
MEAN_KINDS = (LimitKind.MEAN, LimitKind.MEAN_RATIO)  # of every pair's amounts
OUTCOME_KINDS = (LimitKind.EQUAL_OPPORTUNITY, LimitKind.FALSE_POSITIVE_RATE, LimitKind.FAVORABLE_OUTCOME)

KIND_OF_TEST = {
    PairTest.RATIO_LOW: LimitKind.RATIO,
    PairTest.RATIO_HIGH: LimitKind.RATIO,
    PairTest.GAP_LOW: LimitKind.GAP,
    PairTest.GAP_HIGH: LimitKind.GAP,
    PairTest.TPR_LOW: LimitKind.EQUAL_OPPORTUNITY,
    PairTest.TPR_HIGH: LimitKind.EQUAL_OPPORTUNITY,
    PairTest.FPR_LOW: LimitKind.FALSE_POSITIVE_RATE,
    PairTest.FPR_HIGH: LimitKind.FALSE_POSITIVE_RATE,
    PairTest.OUTCOME_LOW: LimitKind.FAVORABLE_OUTCOME,
    PairTest.OUTCOME_HIGH: LimitKind.FAVORABLE_OUTCOME,
    PairTest.SCORE_LOW: LimitKind.SCORE,
    PairTest.SCORE_HIGH: LimitKind.SCORE,
    PairTest.SCORE_DRIFT: LimitKind.SCORE,
    PairTest.MEAN_LOW: LimitKind.MEAN,
    PairTest.MEAN_HIGH: LimitKind.MEAN,
    PairTest.MEAN_RATIO_LOW: LimitKind.MEAN_RATIO,
    PairTest.MEAN_RATIO_HIGH: LimitKind.MEAN_RATIO,
}
NEVER_RECOVERS = frozenset({PairTest.SCORE_DRIFT})  # in breach until the policy changes
KIND_OF_RULE = {
    PlainRule.DISPARATE_IMPACT_RATIO: LimitKind.RATIO,
    PlainRule.DISPARATE_IMPACT_UNDEFINED: LimitKind.RATIO,
    PlainRule.GAP: LimitKind.GAP,
}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One test of one pair, at the end of a window.

    Attributes:
        test: Which test.
        state: ``breach`` from the alarm until the recovery, ``insufficient`` while there is too little to say,
            ``warning`` when it may be about to alarm or the window's interval is beyond the limit. A breach of
            ``score_drift`` has no recovery: it lasts until the policy gathers new references.
        log10_e: Evidence of the Shiryaev-Roberts e-detector, log10; while in breach, of the recovery test. None
            before there is any. A breach without a recovery keeps that of its alarm.
        log10_threshold: At which it alarms, or recovers while in breach.
        alarm_s: Start of the pane with the alarm, event time; None unless in breach.
        onset_s: Estimated onset of the breach, event time; None unless in warning or breach.
        onset_earliest_s: Start of the 99 % interval of the onset, for an abrupt change; None without an onset, and for
            ``score_drift``.
        onset_latest_s: End of that interval: start of the last comparison period in it.
        is_shown_fair: Whether the window's interval is entirely within the limit.
    """

    test: PairTest
    state: State
    log10_e: float | None
    log10_threshold: float
    alarm_s: int | None
    onset_s: int | None
    is_shown_fair: bool
    onset_earliest_s: int | None = None
    onset_latest_s: int | None = None


def state_under(evidence: Iterable[Evidence], kind: LimitKind | None = None) -> State | None:
    """Return the worst state under one kind of limit, or under all; None where nothing is tested."""
    states = [test.state for test in evidence if kind is None or KIND_OF_TEST[test.test] is kind]
    return worst_of(states) if states else None


def strength_of(evidence: tuple[Evidence, ...]) -> tuple[bool, float]:
    """Return how strong the evidence of adverse treatment of a group is: whether it is in breach, then the evidence,
    log10.

    Args:
        evidence: At least one test.
    """
    return any(test.state is State.BREACH for test in evidence), max(test.log10_e or 0.0 for test in evidence)
