"""A result as people may see it: groups of fewer than k hidden, and whatever would give them away."""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.core.fairness.pairs import Reason, Rule, State, worst_of
from stream_app.pipeline.results import GroupResult, Offsets, Result, shown_groups

Hidden = Literal["small_cell", "complementary"]


class DisclosedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a disclosed result; the fields of ``GroupResult``, None where hidden.

    Attributes:
        hidden: ``small_cell`` when the group has fewer than k decisions, maybe none; ``complementary`` when it is
            hidden so that a small one cannot be found by subtraction; None when it is shown.
    """

    group: str
    n: int | None = None
    favourable: int | None = None
    rate: float | None = None
    disparate_impact_ratio: float | None = None
    gap: float | None = None
    reason: Reason | None = None
    state: State | None = None
    rules: tuple[Rule, ...] = ()
    shortfall: int | None = None
    hidden: Hidden | None = None


class DisclosedResult(msgspec.Struct, frozen=True, kw_only=True):
    """A result without what must not be seen; the fields of ``Result``.

    Attributes:
        n: Decisions of all groups; None where it would give a hidden group away.
        state: The worst state of the groups that are shown.
        k: Fewest decisions that a shown group has.
    """

    schema: int
    model: str
    attribute: str
    window: str
    size_s: int
    start_s: int
    end_s: int
    revision: int
    reference: str
    n: int | None
    state: State
    k: int
    groups: tuple[DisclosedGroup, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str


def disclose_result(result: Result, k: int) -> DisclosedResult:
    """Hide what may not be seen of a result.

    A group is compared with the reference only when both are shown: its ratio would give the hidden rate away.

    Args:
        result: The exact result.
        k: Fewest decisions that a group must have to be shown; 0 shows everything.
    """
    release = shown_groups(result, k)
    is_reference_shown = result.reference in release.shown
    groups = tuple(
        _show(group, is_compared=is_reference_shown)
        if group.group in release.shown
        else DisclosedGroup(
            group=group.group, hidden="complementary" if group.group in release.complementary else "small_cell"
        )
        for group in result.groups
    )
    fields = {name: getattr(result, name) for name in DisclosedResult.__struct_fields__ if name != "k"}
    fields |= {"n": result.n if release.is_total_shown else None, "k": k, "groups": groups}
    return DisclosedResult(**fields | {"state": worst_of(group.state for group in groups)})


def _show(group: GroupResult, *, is_compared: bool) -> DisclosedGroup:
    if not is_compared:
        return DisclosedGroup(group=group.group, n=group.n, favourable=group.favourable, rate=group.rate)
    return DisclosedGroup(**{name: getattr(group, name) for name in GroupResult.__struct_fields__})
