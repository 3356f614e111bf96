"""The result of ``fairstream mitigate``, and the notes that go with it."""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = 1
LabelKind = Literal["outcome", "decision"]
Method = Literal["weights", "thresholds", "repair"]
Missing = Literal["no_outcomes", "selective_outcomes", "unknown_outcomes", "no_scores", "one_kind_of_outcome"]
Measure = Literal["accuracy", "repayment"]
RuleKind = Literal["logged", "cut", "group_cuts", "fitted", "weighted", "repaired"]


class LegalNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to know about a method in a jurisdiction.

    Attributes:
        jurisdiction: Where it applies.
        method: What it is about.
        text: The note.
        sources: What it summarizes.
    """

    jurisdiction: str
    method: Method
    text: str
    sources: tuple[str, ...]


class NotePack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated file of notes.

    Attributes:
        schema: Version of this format.
        written: When the notes were written, ISO 8601; no lawyer has reviewed them since.
        notes: The notes.
    """

    schema: Literal[1]
    written: str
    notes: tuple[LegalNote, ...]


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """The weight of the cases of a group and label in a training set.

    Attributes:
        group: The group.
        is_favorable: The label: a good outcome, or a favorable decision.
        weight: The weight; None without any case.
    """

    group: str
    is_favorable: bool
    weight: float | None


class GroupThreshold(msgspec.Struct, frozen=True, kw_only=True):
    """How a group would be decided.

    Attributes:
        group: The group.
        share: Share of the people, by lot, to whom ``cut`` applies; ``other_cut`` applies to the rest.
        cut: Favorable above it; None for nobody.
        other_cut: Favorable above it; None for everybody.
    """

    group: str
    share: float
    cut: float | None
    other_cut: float | None


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Cuts by group with one rate for all.

    Attributes:
        goal: ``parity`` of favorable decisions, or of those with a good outcome (``opportunity``).
        rate: The rate of every group.
        accuracy: Share of decisions that would agree with the outcome.
        logged_accuracy: That of the logged decisions.
        groups: Cuts of each group.
    """

    goal: str
    rate: float
    accuracy: float
    logged_accuracy: float
    groups: tuple[GroupThreshold, ...]


class RepairedValue(msgspec.Struct, frozen=True, kw_only=True):
    """What the values of a part of a group become; parts are equal shares of the group, sorted by value.

    Attributes:
        group: The group.
        value: Mean of the logged values of the part.
        repaired: Mean of what they become.
    """

    group: str
    value: float
    repaired: float


class RepairedFeature(msgspec.Struct, frozen=True, kw_only=True):
    """The repair of a feature.

    Attributes:
        feature: Its name in the policy.
        before: Largest difference between the distributions of two groups, from 0 to 1 (Kolmogorov-Smirnov).
        after: That of the repaired values.
        values: What values become, by group, rising.
    """

    feature: str
    before: float
    after: float
    values: tuple[RepairedValue, ...]


class Repairs(msgspec.Struct, frozen=True, kw_only=True):
    """Features with the same distribution in every group.

    Attributes:
        level: How much was repaired, from 0 to 1.
        features: Every feature of the policy.
    """

    level: float
    features: tuple[RepairedFeature, ...]


class FittedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A logistic regression that was fitted with the weights to every second case.

    Attributes:
        n: Cases that it was fitted to.
        features: Its features, in the order of the policy.
        coefficients: Of each feature as it is logged.
        intercept: Log odds where every feature is 0.
    """

    n: int
    features: tuple[str, ...]
    coefficients: tuple[float, ...]
    intercept: float


class ValueBounds(msgspec.Struct, frozen=True):
    """What a value is at least and at most: both are equal where every outcome that matters is known.

    Attributes:
        lower: Lower bound, with each unknown outcome against it.
        upper: Upper bound.
    """

    lower: float
    upper: float


class RuleValue(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with its ratio and what it costs.

    Attributes:
        rule: ``logged``: the decisions that were made; ``cut``: one cut of the score for all; ``group_cuts``: the most
            accurate cuts by group with at least a ratio; ``fitted`` and ``weighted``: a model fitted without and with
            the weights; ``repaired``: one fitted to repaired features. Models approve as many as were approved.
        setting: The cut, the least ratio, or the repair level.
        ratio: Lowest rate of a group / highest.
        approved: Share of the people who are approved.
        accuracy: Share of decisions that agree with the outcome, from lower to upper bound.
        repayment: Share of good outcomes among the approved, from lower to upper bound.
        is_best: Whether no other rule has a higher ratio and a higher value: the Pareto front.
    """

    rule: RuleKind
    setting: float | None
    ratio: float
    approved: float
    accuracy: ValueBounds
    repayment: ValueBounds
    is_best: bool


class TradeOff(msgspec.Struct, frozen=True, kw_only=True):
    """What less disparity costs.

    Attributes:
        against: The value on the other axis: the front is about it.
        n: Cases that the values are about; with fitted models every second case, to which they were not fitted.
        rules: The rules.
        missing: Why there are no cuts, or no cuts by group.
    """

    against: Measure
    n: int
    rules: tuple[RuleValue, ...]
    missing: Missing | None


class MitigationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What could be done about a disparity; nothing of it is applied.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        policy_hash: Hash of its policy.
        topic: Topic that was read.
        attribute: The attribute.
        label: What the weights are about.
        n: Cases with a label, of the groups below.
        left_out: Groups with fewer than k such cases, and those from which so few people would follow, also beside what
            was shown before.
        k: Fewest people about whom anything is shown.
        weights: Weights for a training set.
        thresholds: Cuts by group; None where they were not requested, or cannot be formed.
        missing: Why they cannot be formed.
        repairs: Repaired features; None where they were not requested.
        fitted: The fitted model, likewise.
        trade_off: What less disparity costs; None where it was not requested, or outcomes were not looked at.
        n_incomplete: Cases that were left out of these three, since a feature is missing, or
            too few of their group lack one.
        left_out_of_these: Groups that were left out of these three, since fewer than k people would follow.
        notes: What to know about these methods, by jurisdiction.
    """

    schema: int = SCHEMA
    model: str
    policy_hash: str
    topic: str
    attribute: str
    label: LabelKind
    n: int
    left_out: tuple[str, ...]
    k: int
    weights: tuple[Weight, ...]
    thresholds: Thresholds | None
    missing: Missing | None
    repairs: Repairs | None = None
    fitted: FittedModel | None = None
    trade_off: TradeOff | None = None
    n_incomplete: int = 0
    left_out_of_these: tuple[str, ...] = ()
    notes: NotePack

    @property
    def methods(self) -> frozenset[Method]:
        """The remedies that the result is about, for the notes."""
        rules = () if self.trade_off is None else self.trade_off.rules
        kinds = {value.rule for value in rules}
        has_cuts, has_repairs = self.thresholds is not None, self.repairs is not None
        methods: set[Method] = {"weights"}
        methods |= {"thresholds"} if has_cuts or "group_cuts" in kinds else set()
        methods |= {"repair"} if has_repairs or "repaired" in kinds else set()
        return frozenset(methods)
