"""What a policy must be like whose decision is an amount."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isfinite

from stream_app.policy.model import ModelPolicy
from stream_app.policy.parts.decision import HIGH, LOW, Decision

_N_STEPS = 2**19  # of the range, in which sums are kept


def amount_faults(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what does not fit a decision that is an amount, by the field of the policy; or that is none."""
    limit = model.rules.max_mean_difference
    decision = model.decision
    if decision is None or not decision.is_amount:
        if model.kind == "amounts":
            yield "decision", "kind 'amounts' needs a decision with kind = 'amount', a minimum and a maximum"
        if decision is not None and (decision.minimum is not None or decision.maximum is not None):
            yield "decision", "minimum and maximum need kind = 'amount'"
        for name in ("max_mean_difference", "min_mean_ratio"):
            if getattr(model.rules, name) is not None:
                yield f"rules.{name}", "needs a decision with kind = 'amount'"
        return
    yield from _faults_of_range(decision)
    if limit is None:
        yield (
            "rules.max_mean_difference",
            "required for a decision that is an amount: the widest difference of means that is permitted, in its unit",
        )
    elif limit >= decision.range[1] - decision.range[0]:
        yield "rules.max_mean_difference", "must be less than maximum - minimum, else no difference breaks it"
    yield from _faults_of_ratio(model.rules.min_mean_ratio, decision)
    yield from _faults_of_tests(model)


def _faults_of_ratio(limit: float | None, decision: Decision) -> Iterator[tuple[str, str]]:
    low, high = decision.range
    if limit is None or not (low < high and isfinite(high - low)):
        return
    if low < 0:
        yield "rules.min_mean_ratio", "needs a minimum of 0 or more: means that can be negative have no ratio"
        return
    # Exactly, and in the terms of the test, which compares shares of the range.
    is_breakable = Fraction(repr(limit)) * Fraction(repr(high)) > Fraction(repr(low))
    is_tested = (1 - limit) * (high / (high - low)) < 1 and (1 - limit) * (low / (high - low)) < limit
    if not (is_breakable and is_tested):
        yield "rules.min_mean_ratio", "must be above minimum / maximum, else no ratio breaks it"


def _faults_of_range(decision: Decision) -> Iterator[tuple[str, str]]:
    low, high = decision.range
    if decision.favorable not in (LOW, HIGH):
        yield "decision.favorable", "must be 'low' or 'high': which amounts are good for the person"
    if decision.unfavorable:
        yield "decision.unfavorable", "not allowed for kind 'amount', which has no listed values"
    if decision.minimum is None or decision.maximum is None:
        yield "decision", "kind 'amount' needs minimum and maximum"
    elif not (low < high and isfinite(high - low) and isfinite(_N_STEPS / (high - low))):
        yield "decision", "minimum must be below maximum, and both finite"


def _faults_of_tests(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what tests of means cannot do."""
    detection = model.detection
    if detection.plain_rules:
        yield "detection.plain_rules", "not allowed for amounts: a window says itself whether it is over the limit"
    if detection.unknown_groups != "excluded":
        yield "detection.unknown_groups", "must be 'excluded' for amounts"
