"""A result as people may see it: groups of fewer than k hidden, and whatever would give them away."""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.core.groups.comparison import PlainRule, Reason, State, worst_of
from stream_app.core.privacy.disclosure import Disclosure, disclose, disclose_table
from stream_app.pipeline.disclosure.causes import DisclosedCause, disclose_cause
from stream_app.pipeline.records.evidence import (
    KIND_OF_RULE,
    KIND_OF_TEST,
    PAIR_KINDS,
    Evidence,
    LimitKind,
    state_under,
)
from stream_app.pipeline.records.results import (
    AND,
    CROSS,
    Bounds,
    GroupResult,
    Offsets,
    Result,
    ResultHead,
    ScoreStability,
)

Hidden = Literal["small_cell", "complementary"]


class DisclosedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a disclosed result; the fields of ``GroupResult``, None where hidden.

    Attributes:
        hidden: ``small_cell`` when the group has fewer than k decisions, maybe none; ``complementary`` when it is
            hidden so that a small one cannot be found by subtraction; None when it is shown.
    """

    group: str
    labels: tuple[str, ...] = ()
    n: int | None = None
    favorable: int | None = None
    rate: float | None = None
    disparate_impact_ratio: float | None = None
    gap: float | None = None
    rate_bounds: Bounds | None = None
    ratio_bounds: Bounds | None = None
    gap_bounds: Bounds | None = None
    reason: Reason | None = None
    state: State | None = None
    rules: tuple[PlainRule, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    shortfall: int | None = None
    cause: DisclosedCause | None = None
    sentence: str | None = None
    scores: ScoreStability | None = None
    hidden: Hidden | None = None


class DisclosedResult(ResultHead, frozen=True, kw_only=True):
    """A result without what must not be seen; the fields of ``Result``.

    Attributes:
        n: Decisions of all groups; None where it would give a hidden group away.
        state: The worst state, see ``disclosable_state``.
        k: Fewest decisions that a shown group has.
    """

    n: int | None
    state: State
    k: int
    groups: tuple[DisclosedGroup, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str


def shown_groups(result: Result, k: int) -> Disclosure[str]:
    """Decide which groups of a result may leave."""
    if CROSS not in result.attribute:
        return disclose({group.group: group.n for group in result.groups}, k)
    table = disclose_table({group.labels: group.n for group in result.groups}, k)
    return Disclosure(
        shown=frozenset(map(AND.join, table.shown)),
        small=frozenset(map(AND.join, table.small)),
        complementary=frozenset(map(AND.join, table.complementary)),
        is_total_shown=table.is_total_shown,
    )


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
        _show(group, k, is_compared=is_reference_shown)
        if group.group in release.shown
        else DisclosedGroup(
            group=group.group,
            labels=group.labels,
            hidden="complementary" if group.group in release.complementary else "small_cell",
        )
        for group in result.groups
    )
    fields = {name: getattr(result, name) for name in DisclosedResult.__struct_fields__ if name not in ("k", "groups")}
    fields |= {"n": result.n if release.is_total_shown else None, "state": disclosable_state(result, k)}
    return DisclosedResult(**fields, k=k, groups=groups)


def disclosable_state(result: Result, k: int, kind: LimitKind | None = None) -> State:
    """Return the worst state of the pairs, without naming the group.

    A pair with fewer than ``k`` on either side is insufficient whatever its state: an alarm must not tell about so few
    people. A group that is hidden only to protect a smaller one keeps its state: hiding must not silence an alarm.

    Args:
        result: The exact result.
        k: Fewest decisions that a group must have to be told about.
        kind: The limit that counts; None for all.
    """
    n_reference = sum(group.n for group in result.groups if group.group == result.reference)
    return worst_of(_state_under(group, kind, is_small=min(group.n, n_reference) < k) for group in result.groups)


def _state_under(group: GroupResult, kind: LimitKind | None, *, is_small: bool) -> State | None:
    if group.state is not None and is_small:
        return State.INSUFFICIENT
    if kind is None or group.state is None:
        return group.state
    about_rates = (each for each in group.evidence if KIND_OF_TEST[each.test] in PAIR_KINDS)
    is_found = any(each.state is State.BREACH for each in about_rates)
    if group.state is State.BREACH and not is_found and kind in map(KIND_OF_RULE.get, group.rules):
        return State.BREACH  # by the plain rules, where the policy counts them
    return state_under(group.evidence, kind)


def _show(group: GroupResult, k: int, *, is_compared: bool) -> DisclosedGroup:
    if not is_compared:
        return DisclosedGroup(
            group=group.group,
            labels=group.labels,
            n=group.n,
            favorable=group.favorable,
            rate=group.rate,
            rate_bounds=group.rate_bounds,
            scores=group.scores,
        )
    fields = {name: getattr(group, name) for name in GroupResult.__struct_fields__}
    return DisclosedGroup(**fields | {"cause": disclose_cause(group.cause, k) if group.cause else None})
