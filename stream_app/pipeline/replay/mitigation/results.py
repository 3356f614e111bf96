"""The result of ``fairstream mitigate``, and the notes that go with it."""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = 1
LabelKind = Literal["outcome", "decision"]
Method = Literal["weights", "thresholds"]
Missing = Literal["no_outcomes", "selective_outcomes", "unknown_outcomes", "no_scores", "one_kind_of_outcome"]


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
    notes: NotePack
