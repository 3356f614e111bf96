"""What a comparison has found where decisions are amounts: the means of both policies, and windows that differ."""

from __future__ import annotations

from typing import Any

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.scenarios.comparison import ResultPair, compared_results
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.window_changes import GroupVerdict, compare_windows
from stream_app.policy import ModelPolicy

MOST_CROSSED, MOST_WINDOWS = 10, 20  # of each intersection of attributes; of a comparison
_ORDER = (None, *(state.value for state in State))
_QUIET = (None, State.OK.value, State.INSUFFICIENT.value)

Json = dict[str, Any]


def compared_amounts(
    original: ScenarioResults, draft: ScenarioResults, model: ModelPolicy, drafted: ModelPolicy
) -> Json:
    """Return the amounts of each group under both policies, and the windows with other verdicts.

    Of intersections only those are listed that one of both policies finds unfair, or that they judge differently; of
    windows those of single attributes first.

    Args:
        original: What the policy in use has found.
        draft: What the draft has found.
        model: The policy in use.
        drafted: The draft.
    """
    attributes, n_left_out = [], 0
    pairs = compared_results(original, draft)
    for attribute in sorted(pairs, key=lambda name: (CROSS in name, _place_in(model, name))):
        groups = _groups(pairs[attribute])
        if CROSS in attribute:
            telling = [group for group in groups if _is_telling(group)]
            groups = sorted(telling, key=_rank_of, reverse=True)[:MOST_CROSSED]
            n_left_out += len(telling) - len(groups)
        if groups:
            attributes.append({"attribute": attribute, **_heads(pairs[attribute]), "groups": groups})
    windows = compare_windows(original, draft)
    first = sorted(windows.changes, key=lambda change: CROSS in change.attribute)[:MOST_WINDOWS]
    return {
        "name": "amount" if model.decision is None else model.decision.name,
        "limits": [model.rules.max_mean_difference, drafted.rules.max_mean_difference],
        "least_ratios": [model.rules.min_mean_ratio, drafted.rules.min_mean_ratio],
        "attributes": attributes,
        "n_left_out": n_left_out,
        "windows": [
            {
                **{name: getattr(change, name) for name in ("attribute", "group", "window", "end_s")},
                "in_use": _verdict(change.original),
                "draft": _verdict(change.scenario),
            }
            for change in first
        ],
        "n_differing": len(windows.changes),
        "n_compared": windows.n_compared,
        "n_single": windows.n_single,
    }


def widest_differences(results: ScenarioResults) -> dict[str, float | None]:
    """Return the widest shown difference of means of each attribute over the period, with its sign."""
    found: dict[str, float | None] = {}
    for total in results.newest_totals():
        amounts = [group.amounts for group in total.groups if isinstance(group.amounts, DisclosedAmounts)]
        values = [each.difference.value for each in amounts if each.difference is not None]
        found[total.attribute] = max((value for value in values if value is not None), key=abs, default=None)
    return found


def _place_in(model: ModelPolicy, attribute: str) -> tuple[int, str]:
    names = [own.name for own in model.attributes]
    return names.index(attribute) if attribute in names else len(names), attribute


def _heads(pair: ResultPair) -> Json:
    sides = [side for side in pair if side is not None]
    return {
        "window": sides[0].window,
        "start_s": min(side.start_s for side in sides),
        "end_s": max(side.end_s for side in sides),
        "references": [None if side is None else side.reference for side in pair],
    }


def _groups(pair: ResultPair) -> list[Json]:
    in_use, draft = _by_name(pair.original), _by_name(pair.scenario)
    return [
        {"group": name, "in_use": _side(in_use.get(name)), "draft": _side(draft.get(name))}
        for name in dict.fromkeys([*in_use, *draft])
    ]


def _by_name(result: DisclosedResult | None) -> dict[str, DisclosedGroup]:
    return {} if result is None else {group.group: group for group in result.groups}


def _side(group: DisclosedGroup | None) -> Json | None:
    """Return what one policy shows of a group; None where it shows none of that name."""
    if group is None:
        return None
    amounts = group.amounts if isinstance(group.amounts, DisclosedAmounts) else None
    state = None if group.state is None else group.state.value
    return {
        "n": group.n,
        "mean": _measured(None if amounts is None else amounts.mean),
        "difference": _measured(None if amounts is None else amounts.difference),
        "ratio": _measured(None if amounts is None else amounts.ratio),
        "state": state,
        "exceeded": [*exceeded_limits(group, None)],
        "hidden": group.hidden,
    }


def _measured(measured: Measured | None) -> Json | None:
    if measured is None or measured.value is None:
        return None
    return {"value": measured.value, "lower": measured.lower, "upper": measured.upper}


def _verdict(verdict: GroupVerdict) -> Json:
    return {"state": verdict.state.value, "exceeded": [*verdict.exceeded]}


def _is_telling(group: Json) -> bool:
    verdicts = _verdicts_of(group)
    return any(state not in _QUIET or exceeded for state, exceeded in verdicts) or verdicts[0] != verdicts[-1]


def _rank_of(group: Json) -> tuple[int, bool]:
    """Return how bad the worse verdict about a group is, and whether both policies judge it differently."""
    verdicts = _verdicts_of(group)
    return max(_ORDER.index(state) for state, _ in verdicts), verdicts[0] != verdicts[-1]


def _verdicts_of(group: Json) -> list[tuple[str | None, list[str]]]:
    sides = [side for side in (group["in_use"], group["draft"]) if side is not None]
    return [(side["state"], side["exceeded"]) for side in sides]
