"""A state in plain words, the same on every surface: ``ok`` is never said beside a limit that is exceeded."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from stream_app.core.groups.comparison import PlainRule, State
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeGroup
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind, PairTest
from stream_app.policy import Policy, Rules

NOT_PROVEN = "limit exceeded, not proven"  # beyond a limit by the values alone, without evidence for an alarm
NOT_SHOWN_YET_WORDS = "withheld until a window ends"  # running totals of which nothing was shown yet
_STATES = {State.OK: "no alarm", State.INSUFFICIENT: "insufficient data"}
_BEYOND = {State.OK: NOT_PROVEN, State.INSUFFICIENT: "limit exceeded, insufficient data"}
_LIMITS = {
    PlainRule.DISPARATE_IMPACT_RATIO: "ratio",
    PlainRule.DISPARATE_IMPACT_UNDEFINED: "ratio not computable",
    PlainRule.GAP: "gap",
}

# Not "low" and "high": small amounts may be the good ones.
_OF_MEANS: dict[str, str] = {
    PairTest.MEAN_LOW: "mean worse",
    PairTest.MEAN_HIGH: "mean better",
    PairTest.MEAN_RATIO_LOW: "mean ratio worse",
    PairTest.MEAN_RATIO_HIGH: "mean ratio better",
}


def words_of_test(test: str) -> str:
    """Return a test of a group in words: on which side of its reference the group is.

    >>> words_of_test("ratio_low"), words_of_test("mean_low"), words_of_test("mean_ratio_high")
    ('ratio low', 'mean worse', 'mean ratio better')
    """
    return _OF_MEANS.get(test) or test.replace("_", " ")


def state_words(state: State | None, exceeded: tuple[str, ...] = ()) -> str:
    """Return a state in words, with the limits that the values exceed; empty without a state.

    >>> state_words(State.OK), state_words(State.OK, ("ratio",)), state_words(State.BREACH, ("ratio", "gap"))
    ('no alarm', 'limit exceeded, not proven: ratio', 'breach: ratio, gap')
    """
    if state is None:
        return ""
    name = state_name(state, is_beyond=bool(exceeded))
    return f"{name}: {', '.join(exceeded)}" if exceeded else name


def state_name(state: State, *, is_beyond: bool) -> str:
    """Return the name of a state for people.

    Args:
        state: The state.
        is_beyond: Whether the values are beyond a limit that it is about.

    >>> state_name(State.OK, is_beyond=False), state_name(State.OK, is_beyond=True)
    ('no alarm', 'limit exceeded, not proven')
    """
    return (_BEYOND if is_beyond else _STATES).get(state, state.value)


def withheld_words(k: int) -> str:
    """Return why groups are withheld that are large enough alone."""
    return f"withheld, as fewer than {k} people would follow beside what was shown before"


def limits_by_model(policy: Policy) -> Callable[[str], Rules | None]:
    """Return the function that gives the limits of a model, or of its outcomes; None for one of another policy."""
    rules_by_model = {model.name: model.rules for model in policy.models}
    return lambda name: rules_by_model.get(model_of(name))


def exceeded_limits(group: DisclosedGroup, rules: Rules | None) -> tuple[str, ...]:
    """Return the limits that the values of a group exceed, in either direction: ``ratio``, ``gap``, ``difference``.

    Args:
        group: One group of a result.
        rules: Limits of the policy; without them only a ratio that is too low and a gap that is too wide are known.
    """
    if isinstance(group.amounts, DisclosedAmounts):
        is_over = {"difference": group.amounts.is_over, "ratio": group.amounts.is_ratio_over is True}
        return tuple(filter(is_over.get, is_over))
    names = [_LIMITS[rule] for rule in group.rules]
    if "ratio" not in names and group.reason is None and rules is not None and _is_reversed(group, rules):
        names.insert(0, "ratio")
    return tuple(names)


def exceeded_outcome_limits(group: DisclosedOutcomeGroup, rules: Rules | None) -> tuple[str, ...]:
    """Return the limits that the outcomes of a group exceed, of those that are tested."""
    gaps = {
        LimitKind.EQUAL_OPPORTUNITY: ("TPR gap", group.equal_opportunity_difference),
        LimitKind.FALSE_POSITIVE_RATE: ("FPR gap", group.false_positive_rate_difference),
        LimitKind.FAVORABLE_OUTCOME: ("favorable gap", group.predictive_parity_difference),
    }
    tested = {KIND_OF_TEST[test.test] for test in group.evidence}
    return tuple(
        name
        for kind, (name, gap) in gaps.items()
        if kind in tested and rules is not None and gap is not None and gap.value is not None
        if min(gap.n, gap.n_reference or 0) >= rules.min_n and abs(gap.value) > rules.max_rate_difference
    )


def _is_reversed(group: DisclosedGroup, rules: Rules) -> bool:
    """Return whether the reference is worse off than the ratio rule permits; a ratio at the limit is not."""
    limit = float(1 / Fraction(repr(rules.min_disparate_impact_ratio)))
    return group.disparate_impact_ratio is not None and group.disparate_impact_ratio > limit
