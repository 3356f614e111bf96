"""A result as people may see it: groups of fewer than k hidden, and whatever would reveal them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from stream_app.core.groups.comparison import PlainRule, Reason, State
from stream_app.core.privacy.disclosure import Disclosure, disclose_cells
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts, disclose_amounts
from stream_app.pipeline.disclosure.causes import DisclosedCause, disclose_cause
from stream_app.pipeline.disclosure.rules import (
    NOT_SHOWN_YET,
    WITHHELD,
    Hidden,
    disclosable_worst,
    fields_of,
    hidden_reason,
    is_compared,
    is_small,
)
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
    TOTAL_WINDOW,
    Bounds,
    GroupResult,
    Offsets,
    ProxyValues,
    Result,
    ResultHead,
    ScoreStability,
    Withheld,
    WorstCase,
)
from stream_app.policy import OTHER, UNKNOWN

_UNDECLARED = (UNKNOWN, OTHER)


class DisclosedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a disclosed result; the fields of ``GroupResult``, None where hidden.

    Attributes:
        favorable: None also where decisions are amounts.
        worst_case: Only where all undeclared values are shown that may be the group's or the reference's: it is made of
            their counts.
        share: Only beside a total that is shown.
        hidden: ``small_cell`` when the group has fewer than k decisions, maybe none; ``complementary`` when it is
            hidden so that a small one cannot be computed by subtraction; ``withheld`` when it is hidden because fewer
            than k people would follow beside what was shown before; ``not_shown_yet`` when nothing of running
            totals was shown yet, whatever their counts; None when it is shown.
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
    worst_case: WorstCase | None = None
    share: float | None = None
    hidden: Hidden | None = None
    design_effect: float | None = None
    proxy: ProxyValues | msgspec.UnsetType = msgspec.UNSET
    amounts: DisclosedAmounts | msgspec.UnsetType = msgspec.UNSET


class DisclosedResult(ResultHead, frozen=True, kw_only=True):
    """A result without what must not be seen; the fields of ``Result``.

    Attributes:
        n: Decisions of all groups; None where it would reveal a hidden group.
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


def shown_groups(result: Result, k: int, former: Collection[str] = ()) -> Disclosure[str]:
    """Decide which groups of a result may leave: not the small ones, nor what the gate of the judge withholds.

    Args:
        result: The exact result.
        k: Fewest decisions that a group must have to be shown.
        former: Further groups that are withheld, because of former releases.
    """
    result = released_form(result, k)
    withheld = result.withheld if k and isinstance(result.withheld, Withheld) else Withheld()
    names = {*withheld.groups, *former}
    hidden = {group.labels for group in result.groups if withheld.is_held or group.group in names}
    release = disclose_cells({group.labels: group.n for group in result.groups}, k, hidden)
    return Disclosure(
        shown=frozenset(map(AND.join, release.shown)),
        small=frozenset(map(AND.join, release.small)),
        complementary=frozenset(map(AND.join, release.complementary)),
        is_total_shown=release.is_total_shown and not withheld.is_held,
    )


def released_form(result: Result, k: int) -> Result:
    """Return the former release of a result that may not be shown yet, the result itself where it may."""
    withheld = result.withheld
    if not k or not isinstance(withheld, Withheld) or withheld.former is None:
        return result
    former = withheld.former
    return msgspec.structs.replace(
        result,
        start_s=former.start_s,
        end_s=former.end_s,
        size_s=former.end_s - former.start_s,
        n=sum(group.n for group in former.groups),
        groups=former.groups,
        withheld=Withheld(groups=withheld.groups),
    )


def is_partial(result: Result) -> bool:
    """Return whether readers see a sum of windows instead of running totals: it is about no range of time."""
    former = result.withheld.former if isinstance(result.withheld, Withheld) else None
    return former is not None and former.is_partial


def disclose_result(result: Result, k: int, former: Collection[str] = ()) -> DisclosedResult:
    """Hide what may not be seen of a result.

    A hidden intersection, or value that the policy does not list, has no row: one without decisions has none either,
    and a row would say that somebody is there.

    Args:
        result: The exact result.
        k: Fewest decisions that a group must have to be shown; 0 shows everything.
        former: Groups that are withheld because of former releases.
    """
    state = disclosable_state(result, k)
    result = released_form(result, k)
    release, unreleased = shown_groups(result, k, former), _unreleased(result, k)
    groups = tuple(
        DisclosedGroup(group=group.group, labels=group.labels, hidden=unreleased or hidden)
        if (hidden := hidden_reason(group.group, release, former))
        else _show(_reduced(group, result, release), k, with_reference=is_compared(result.reference, release))
        for group in result.groups
        if not k or group.group in (*release.shown, result.reference) or is_always_listed(group.labels)
    )
    fields: dict[str, Any] = fields_of(result, DisclosedResult, without=("n", "state", "k", "groups"))
    n = result.n if release.is_total_shown else None
    return DisclosedResult(**fields, n=n, state=state, k=k, groups=groups)


def _unreleased(result: Result, k: int) -> Hidden | None:
    """Return why nothing of a result is shown yet: then no group says whether it is small; None where something is."""
    if not k or not isinstance(result.withheld, Withheld) or not result.withheld.is_held:
        return None
    return NOT_SHOWN_YET if result.window == TOTAL_WINDOW else WITHHELD


def is_always_listed(labels: tuple[str, ...]) -> bool:
    """Return whether a group has a row also without decisions: a declared group of a single attribute."""
    return len(labels) == 1 and labels[0] not in _UNDECLARED


def disclosable_state(result: Result, k: int, kind: LimitKind | None = None) -> State:
    """Return the worst state of the pairs, without naming the group; see ``rules.disclosable_worst``.

    Args:
        result: The exact result.
        k: Fewest decisions that a group must have.
        kind: The limit that counts; None for all.
    """
    n_reference = sum(group.n for group in result.groups if group.group == result.reference)
    judged = ((group.n, _state_under(group, kind)) for group in result.groups if group.state is not None)
    return disclosable_worst(judged, n_reference, k)


def is_plainly_broken(result: Result, k: int, kind: LimitKind) -> bool:
    """Return whether a group breaks a limit by the plain rules, where the policy counts them, with no test in breach.

    Args:
        result: The exact result.
        k: Fewest decisions that a group and its reference must have.
        kind: The limit.
    """
    n_reference = sum(group.n for group in result.groups if group.group == result.reference)
    return any(_is_plainly_broken(group, kind) and not is_small(group.n, n_reference, k) for group in result.groups)


def _state_under(group: GroupResult, kind: LimitKind | None) -> State | None:
    if kind is None:
        return group.state
    return State.BREACH if _is_plainly_broken(group, kind) else state_under(group.evidence, kind)


def _is_plainly_broken(group: GroupResult, kind: LimitKind) -> bool:
    about_rates = (test for test in group.evidence if KIND_OF_TEST[test.test] in PAIR_KINDS)
    is_detected = any(test.state is State.BREACH for test in about_rates)
    return group.state is State.BREACH and not is_detected and kind in map(KIND_OF_RULE.get, group.rules)


def _reduced(group: GroupResult, result: Result, release: Disclosure[str]) -> GroupResult:
    """Leave out what would reveal counts of other groups that are hidden."""
    if group.share is not None and not release.is_total_shown:
        group = msgspec.structs.replace(group, share=None)
    if group.worst_case is None:
        return group
    sides = [side.labels for side in result.groups if side.group in (group.group, result.reference)]
    hidden = (other for other in result.groups if other.group not in release.shown and other.n)
    if any(_may_be(other.labels, labels) for other in hidden for labels in sides):
        return msgspec.structs.replace(group, worst_case=None)
    return group


def _may_be(labels: tuple[str, ...], group: tuple[str, ...]) -> bool:
    """Return whether decisions of these labels, some of them undeclared, may be about a group."""
    fits = all(label in (own, *_UNDECLARED) for label, own in zip(labels, group, strict=True))
    return fits and labels != group


def _show(group: GroupResult, k: int, *, with_reference: bool) -> DisclosedGroup:
    favorable = group.favorable if isinstance(group.amounts, msgspec.UnsetType) else None
    if not with_reference:
        return DisclosedGroup(
            group=group.group,
            labels=group.labels,
            n=group.n,
            favorable=favorable,
            rate=group.rate,
            rate_bounds=group.rate_bounds,
            scores=group.scores,
            proxy=_of_group_alone(group.proxy),
            amounts=_amounts(group, k, with_reference=False),
        )
    fields = {name: getattr(group, name) for name in GroupResult.__struct_fields__}
    cause = disclose_cause(group.cause, k) if group.cause else None
    amounts = _amounts(group, k, with_reference=True)
    return DisclosedGroup(**fields | {"favorable": favorable, "cause": cause, "amounts": amounts})


def _amounts(group: GroupResult, k: int, *, with_reference: bool) -> DisclosedAmounts | msgspec.UnsetType:
    if isinstance(group.amounts, msgspec.UnsetType):
        return msgspec.UNSET
    return disclose_amounts(group.amounts, k, with_reference=with_reference)


def _of_group_alone(proxy: ProxyValues | msgspec.UnsetType) -> ProxyValues | msgspec.UnsetType:
    """Leave out what reveals the rate of the reference."""
    if isinstance(proxy, msgspec.UnsetType):
        return proxy
    return msgspec.structs.replace(proxy, ratio_bounds=None, gap_bounds=None)
