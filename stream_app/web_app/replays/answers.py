"""What a replay has found, as programs read it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class ReplaySide(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute under one policy.

    Attributes:
        n: Breaches in the period.
        first_s: When the first was raised, event time; None without one.
        last_s: When the last was raised.
        ratio: Lowest disparate impact ratio of its groups over the period; None where none is shown, and where
            decisions are amounts.
        difference: Where decisions are amounts, the widest difference of means of its groups over the period, group
            less reference; else None.
    """

    n: int
    first_s: int | None
    last_s: int | None
    ratio: float | None = None
    difference: float | None = None


class ReplayMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """A value with its 95 % interval.

    Attributes:
        value: The value, in the unit of the amount.
        lower: Lower end; None where there is none.
        upper: Upper end; likewise.
    """

    value: float
    lower: float | None
    upper: float | None


class ReplayAmountSide(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of a group under one policy.

    Attributes:
        n: Decisions; None where the group is hidden.
        mean: Mean amount; likewise.
        difference: Mean less that of the reference; None for the reference, too.
        ratio: Mean / that of the reference; likewise, and None where amounts can be negative.
        state: Its state; None for the reference and where it is hidden.
        exceeded: The limits that the values exceed.
        hidden: Why nothing is shown; None where something is.
    """

    n: int | None
    mean: ReplayMeasured | None
    difference: ReplayMeasured | None
    ratio: ReplayMeasured | None
    state: Literal["ok", "insufficient", "warning", "breach"] | None
    exceeded: tuple[str, ...]
    hidden: str | None


class ReplayAmountGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of a group under both policies; None where a policy has no such group.

    Attributes:
        attribute: The attribute, or intersection of attributes.
        group: The group.
        in_use: Under the policy in use.
        draft: Under the draft.
    """

    attribute: str
    group: str
    in_use: ReplayAmountSide | None
    draft: ReplayAmountSide | None


class ReplayAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute under both policies; None where a policy does not judge it.

    Attributes:
        attribute: The attribute; ``intersections`` for all of them together.
        in_use: Under the policy in use.
        draft: Under the draft.
    """

    attribute: str
    in_use: ReplaySide | None
    draft: ReplaySide | None


class ReplayAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay has found.

    Attributes:
        n_records: Records that were read.
        is_equal: Whether everything published follows from the records; None for a comparison.
        lines: What a verification says; empty for a comparison.
        rows: What a comparison says by attribute; empty for a verification.
        groups: Where decisions are amounts, what a comparison says by group; of intersections only those that one
            policy finds unfair, or that both judge differently. Else empty.
        n_changed: Alerts that differ between both policies; None for a verification.
        n_windows_changed: Where decisions are amounts, verdicts about a group in a window that differ between both
            policies; else None.
        n_withheld: Groups of windows and totals, under both policies together, that are withheld, as fewer than k
            people would follow beside what was shown before.
    """

    n_records: int
    is_equal: bool | None
    lines: tuple[str, ...]
    rows: tuple[ReplayAttribute, ...]
    groups: tuple[ReplayAmountGroup, ...]
    n_changed: int | None
    n_windows_changed: int | None
    n_withheld: int


def content_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a ``ReplayAnswer`` from what was stored."""
    amounts = answer.get("amounts") or {"attributes": ()}
    groups = [
        group | {"attribute": attribute["attribute"]}
        for attribute in amounts["attributes"]
        for group in attribute["groups"]
    ]
    return {
        "n_records": answer["n_records"],
        "is_equal": answer.get("is_equal"),
        "lines": answer.get("lines", []),
        "rows": answer.get("rows", []),
        "groups": groups,
        "n_changed": answer.get("n_changed"),
        "n_windows_changed": amounts.get("n_differing"),
        "n_withheld": answer.get("n_withheld", 0),
    }
