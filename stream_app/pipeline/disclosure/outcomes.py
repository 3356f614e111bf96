"""A result about outcomes as people may see it: no number about fewer than k of them, nor what would reveal it.

People are counted by outcomes: a group is hidden as it is for decisions. Each rate and gap has cases of its own (all
good outcomes, all approved, ...) and needs k of them in each group that it is about. What the release gate of the judge
withholds is hidden too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.core.privacy.disclosure import Disclosure, disclose
from stream_app.core.privacy.rounding import rate_step, round_to
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
from stream_app.pipeline.records.evidence import Evidence, LimitKind, state_under
from stream_app.pipeline.records.outcome_results import (
    BinResult,
    Measure,
    OutcomeGroupResult,
    OutcomeResult,
    WithheldOutcomes,
)
from stream_app.pipeline.records.results import TOTAL_WINDOW, Offsets, ResultHead
from stream_app.policy import OTHER, UNKNOWN

TOO_FEW = "fewer_than_k"
_UNDECLARED = (UNKNOWN, OTHER)
_GAPS = (
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "false_positive_rate_difference",
    "average_odds_difference",
    "predictive_parity_difference",
    "failure_rate_difference",
)
_RATES = ("favorable_outcome_rate", "true_positive_rate", "false_positive_rate")


class DisclosedOutcomeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group; the fields of ``OutcomeGroupResult``, None where hidden. Counts of decisions by outcome never leave.

    Attributes:
        without_outcome_ratio: In steps of at least k decisions.
        hidden: ``small_cell`` when there are fewer than k outcomes, maybe none; ``complementary`` when hidden so that a
            small group cannot be computed by subtraction; ``withheld`` when nothing of the window is shown beside what
            was shown before; ``not_shown_yet`` when nothing of running totals was shown yet; None when it is shown.
    """

    group: str
    n: int | None = None
    favorable_outcome_rate: Measure | None = None
    true_positive_rate: Measure | None = None
    false_positive_rate: Measure | None = None
    equal_opportunity_difference: Measure | None = None
    equal_opportunity_ratio: Measure | None = None
    false_positive_rate_difference: Measure | None = None
    average_odds_difference: Measure | None = None
    predictive_parity_difference: Measure | None = None
    failure_rate_difference: Measure | None = None
    calibration_error: float | None = None
    calibration_reason: str | None = None
    bins: tuple[BinResult, ...] = ()
    without_outcome_ratio: float | None = None
    state: State | None = None
    evidence: tuple[Evidence, ...] = ()
    hidden: Hidden | None = None


class DisclosedOutcomeResult(ResultHead, frozen=True, kw_only=True):
    """A result about outcomes without what must not be seen; the fields of ``OutcomeResult``.

    Attributes:
        n: Outcomes of all groups; None where it would reveal a hidden group.
        k: Fewest outcomes that a shown group has.
    """

    n: int | None
    is_selective: bool
    state: State
    k: int
    groups: tuple[DisclosedOutcomeGroup, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str


def disclose_outcomes(result: OutcomeResult, k: int) -> DisclosedOutcomeResult:
    """Hide what may not be seen of a result.

    Args:
        result: The exact result.
        k: Fewest outcomes that a group must have to be shown; 0 shows everything but the counts by decision.
    """
    state, withheld = outcome_state(result, k), _withheld_of(result, k)
    result = released_outcomes(result, k)
    release, unreleased = shown_outcomes(result, k), _unreleased(result, k)
    is_with_reference = is_compared(result.reference, release)
    groups = tuple(
        DisclosedOutcomeGroup(group=group.group, hidden=unreleased or hidden)
        if (hidden := hidden_reason(group.group, release))
        else _show(group, k, _gone(group.group, result.reference, withheld), with_reference=is_with_reference)
        for group in result.groups
        if not k or group.group in release.shown or group.group not in _UNDECLARED
    )
    fields: dict[str, Any] = fields_of(result, DisclosedOutcomeResult, without=("n", "k", "groups", "state"))
    n = result.n if release.is_total_shown else None
    return DisclosedOutcomeResult(**fields, n=n, k=k, groups=groups, state=state)


def shown_outcomes(result: OutcomeResult, k: int) -> Disclosure[str]:
    """Decide which groups of a result may leave: not the small ones, nor what the gate of the judge withholds."""
    result = released_outcomes(result, k)
    withheld, people = _withheld_of(result, k), {group.group: group.n for group in result.groups}
    release = disclose(people, k, people.keys() if withheld.is_held else people.keys() & {*withheld.groups})
    return replace(release, is_total_shown=release.is_total_shown and not withheld.is_held)


def released_outcomes(result: OutcomeResult, k: int) -> OutcomeResult:
    """Return the former release of a result that may not be shown yet, the result itself where it may."""
    withheld = _withheld_of(result, k)
    if (former := withheld.former) is None:
        return result
    return msgspec.structs.replace(
        result,
        start_s=former.start_s,
        end_s=former.end_s,
        size_s=former.end_s - former.start_s,
        n=sum(group.n for group in former.groups),
        groups=former.groups,
        withheld=msgspec.structs.replace(withheld, is_held=False, former=None),
    )


def outcome_state(result: OutcomeResult, k: int, kind: LimitKind | None = None) -> State:
    """Return the worst state of the pairs, without naming the group; one with fewer than k outcomes is insufficient."""
    n_reference = sum(group.n for group in result.groups if group.group == result.reference)
    judged = ((group.n, state_under(group.evidence, kind)) for group in result.groups if group.evidence)
    return disclosable_worst(judged, n_reference, k)


def _withheld_of(result: OutcomeResult, k: int) -> WithheldOutcomes:
    return result.withheld if k and isinstance(result.withheld, WithheldOutcomes) else WithheldOutcomes()


def _unreleased(result: OutcomeResult, k: int) -> Hidden | None:
    """Return why nothing of a result is shown yet: then no group says whether it is small; None where something is."""
    if not _withheld_of(result, k).is_held:
        return None
    return NOT_SHOWN_YET if result.window == TOTAL_WINDOW else WITHHELD


def _gone(group: str, reference: str, withheld: WithheldOutcomes) -> set[str]:
    """Return the fields of a shown group whose cases, or those of the reference in gaps, the gate withholds."""
    gone = {"bins"} if group in withheld.by_score else set()
    for names, rates, gaps in (
        (withheld.by_decision, _RATES[:1], _GAPS[4:]),
        (withheld.by_outcome, _RATES[1:], _GAPS[:4]),
    ):
        gone |= {*rates, *gaps} if group in names else set()
        gone |= {*gaps} if reference in names else set()
    return gone


def _show(group: OutcomeGroupResult, k: int, gone: set[str], *, with_reference: bool) -> DisclosedOutcomeGroup:
    names = (*_RATES, *_GAPS) if with_reference else _RATES
    measures: dict[str, Any] = {name: _measure(getattr(group, name), k, is_withheld=name in gone) for name in names}
    bins = disclose({bin_.bin: bin_.n for bin_ in group.bins}, k).shown
    return DisclosedOutcomeGroup(
        group=group.group,
        n=group.n,
        **measures,
        calibration_error=group.calibration_error,
        calibration_reason=group.calibration_reason,
        bins=tuple(bin_ for bin_ in group.bins if bin_.bin in bins and "bins" not in gone),
        without_outcome_ratio=_rounded_share(group, k),
        state=group.state if with_reference else None,
        evidence=group.evidence if with_reference else (),
    )


def _rounded_share(group: OutcomeGroupResult, k: int) -> float | None:
    """Return the share without an outcome in steps of at least k people: decisions are counted at other moments."""
    share = group.without_outcome_ratio
    if share is None or not k:
        return share
    step = rate_step(group.n_awaited, k)
    return None if step is None else round_to(share, step)


def _measure(measure: Measure | None, k: int, *, is_withheld: bool) -> Measure | None:
    """Return a measure without its counts where they are small, and without its value then."""
    if measure is None or measure.value is None:
        return measure and Measure(None, None, None, 0, None, measure.reason)
    if is_small(measure.n, measure.n_reference, k):
        return Measure(None, None, None, 0, None, TOO_FEW)
    return Measure(None, None, None, 0, None, WITHHELD) if is_withheld else measure
