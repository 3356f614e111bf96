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
        state: The worst state, see ``disclosable_state``.
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
    fields = {name: getattr(result, name) for name in DisclosedResult.__struct_fields__ if name not in ("k", "groups")}
    fields |= {"n": result.n if release.is_total_shown else None, "state": disclosable_state(result, k)}
    return DisclosedResult(**fields, k=k, groups=groups)


def disclosable_state(result: Result, k: int, rules: frozenset[Rule] = frozenset(Rule)) -> State:
    """Return the worst state of the pairs, without naming the group.

    A pair with fewer than ``k`` on either side is insufficient whatever its state: an alarm must not tell about so few
    people. A group that is hidden only to protect a smaller one keeps its state: hiding must not silence an alarm.

    Args:
        result: The exact result.
        k: Fewest decisions that a group must have to be told about.
        rules: The rules that count; a pair that breaks only others is ok.
    """
    n_reference = sum(group.n for group in result.groups if group.group == result.reference)
    return worst_of(_state_under(group, rules, is_small=min(group.n, n_reference) < k) for group in result.groups)


def _state_under(group: GroupResult, rules: frozenset[Rule], *, is_small: bool) -> State | None:
    if group.state is not None and is_small:
        return State.INSUFFICIENT
    if group.state is State.BREACH and not rules & set(group.rules):
        return State.OK
    return group.state


def _show(group: GroupResult, *, is_compared: bool) -> DisclosedGroup:
    if not is_compared:
        return DisclosedGroup(group=group.group, n=group.n, favourable=group.favourable, rate=group.rate)
    return DisclosedGroup(**{name: getattr(group, name) for name in GroupResult.__struct_fields__})
