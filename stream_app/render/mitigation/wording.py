"""Names of rules and values of a trade-off, for people."""

from __future__ import annotations

from stream_app.pipeline.replay.mitigation.results import RuleKind, RuleValue, ValueBounds

KINDS: dict[RuleKind, str] = {
    "logged": "as decided",
    "cut": "one cut for all",
    "group_cuts": "cuts by group",
    "fitted": "model without weights",
    "weighted": "model with weights",
    "repaired": "model of repaired features",
}
MEASURES = {
    "accuracy": "share of decisions that agree with the outcome",
    "repayment": "share of good outcomes among the approved",
}
BY_GROUP: tuple[RuleKind, ...] = ("group_cuts", "repaired")  # they decide about a person by the group


def rule_text(value: RuleValue) -> str:
    """Return what a rule is.

    >>> bounds = ValueBounds(0.5, 0.5)
    >>> rule_text(RuleValue(rule="cut", setting=0.55, ratio=1, approved=1, accuracy=bounds, repayment=bounds,
    ...     is_best=True))
    'cut 0.55 for all'
    """
    setting = value.setting
    if setting is None:
        return KINDS[value.rule]
    texts = {
        "cut": f"cut {setting:.4g} for all",
        "group_cuts": f"cuts by group, ratio at least {setting:.2f}",
        "repaired": f"model, features repaired by {setting:.0%}",
    }
    return texts[value.rule]


def bounds_text(bounds: ValueBounds) -> str:
    """Return a value, or its bounds where they differ.

    >>> bounds_text(ValueBounds(0.5, 0.5)), bounds_text(ValueBounds(0.5, 0.75))
    ('0.500', '0.500 to 0.750')
    """
    lower, upper = f"{bounds.lower:.3f}", f"{bounds.upper:.3f}"
    return lower if bounds.lower == bounds.upper else f"{lower} to {upper}"
