"""The groups and intersections of a report that fare worst, the worst first. Only disclosed values are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.ranking import rank_of
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits, state_words
from stream_app.pipeline.records.results import TOTAL_WINDOW, ProxyValues
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import Rules
from stream_app.render.charts import time_label
from stream_app.render.html_table import bounds_text, number_text, share_text, write_table
from stream_app.render.report.amounts import AMOUNT_HEAD, amount_cells, are_of_amounts

_MAX_SUBGROUPS = 15
_HEAD = (
    *("attribute", "group and reference", "window", "n:decisions", "n:rate", "n:ratio", "w:95% interval", "n:gap"),
    *("w:ratio whichever groups unknown people are in", "state at the end"),
)
_AMOUNTS_HEAD = (*_HEAD[:4], *AMOUNT_HEAD, _HEAD[-1])
_NOTE = (
    "Each group in the running totals; an intersection, which has none, in the last of its longest windows in which it "
    "is not suppressed. The worst first; pairs in breach at the end are always listed."
)


class Pair(NamedTuple):
    """A group and its reference."""

    attribute: str
    group: str


class _Shown(NamedTuple):
    """A group in the window that stands for it."""

    result: DisclosedResult
    group: DisclosedGroup


def write_subgroups(scenario: ScenarioResults, rules: Rules) -> str:
    """List the groups and intersections that fare worst, each with its window, and every pair in breach.

    Args:
        scenario: Results and alerts.
        rules: Limits of the policy.
    """
    breaches = open_breaches(scenario.alerts)
    shown = _windows_of(scenario.results)
    of_amounts = are_of_amounts(rules)
    head, row_of = (_AMOUNTS_HEAD, _amount_row) if of_amounts else (_HEAD, _row)
    ranked = sorted(shown.items(), key=lambda item: (item[0] in breaches, rank_of(item[1].group)), reverse=True)
    rows = [
        row_of(shown_in, rules, is_breach=pair in breaches)
        for number, (pair, shown_in) in enumerate(ranked)
        if number < _MAX_SUBGROUPS or pair in breaches
    ]
    rows += [  # suppressed in every window
        (
            pair.attribute,
            f"{pair.group} vs. {breaches[pair].reference}",
            "suppressed",
            *[""] * (len(head) - 4),
            State.BREACH.value,
        )
        for pair in sorted(breaches.keys() - shown.keys())
    ]
    return f'<p class="faint">{_NOTE}</p>{write_table(head, rows)}' if rows else ""


def open_breaches(alerts: Iterable[DisclosedAlert]) -> dict[Pair, DisclosedAlert]:
    """Return the pairs that are in breach at the end, by any of their tests, with the alert of it."""
    tests: dict[Pair, dict[str, DisclosedAlert]] = {}
    for alert in sorted(alerts, key=lambda alert: alert.at_s):
        in_breach = tests.setdefault(Pair(alert.attribute, alert.group), {})
        if alert.change == "breach":
            in_breach[alert.test] = alert
        else:
            in_breach.pop(alert.test, None)
    return {pair: next(iter(in_breach.values())) for pair, in_breach in tests.items() if in_breach}


def estimated_mark(group: DisclosedGroup) -> str:
    """Return what follows the state of a group that is estimated from probabilities; else the empty string."""
    return ", estimated" if isinstance(group.proxy, ProxyValues) else ""


def _windows_of(results: Iterable[DisclosedResult]) -> dict[Pair, _Shown]:
    """Return each judged pair in the running totals, or in the last of its longest windows that show it."""
    chosen: dict[Pair, _Shown] = {}
    for result in sorted(results, key=lambda result: (result.window == TOTAL_WINDOW, result.size_s, result.end_s)):
        for group in _compared(result):
            chosen[Pair(result.attribute, group.group)] = _Shown(result, group)
    return chosen


def _compared(result: DisclosedResult) -> Iterator[DisclosedGroup]:
    return (group for group in result.groups if _has_comparison(group) and group.state is not None)


def _has_comparison(group: DisclosedGroup) -> bool:
    if isinstance(group.amounts, DisclosedAmounts):
        return group.amounts.difference is not None and group.amounts.difference.value is not None
    return group.disparate_impact_ratio is not None


def _amount_row(shown: _Shown, rules: Rules, *, is_breach: bool) -> tuple[str, ...]:
    group = shown.group
    state = State.BREACH if is_breach else group.state
    cells = amount_cells(group, rules.max_mean_difference or 0.0, "suppressed")
    return (*_place(shown), *cells, state_words(state, exceeded_limits(group, rules)))


def _place(shown: _Shown) -> tuple[str, ...]:
    """Return attribute, pair, window and number of decisions."""
    result, group = shown
    return (
        result.attribute,
        f"{group.group} vs. {result.reference}",
        result.window if result.window == TOTAL_WINDOW else f"{result.window} to {time_label(result.end_s)}",
        number_text(group.n),
    )


def _row(shown: _Shown, rules: Rules, *, is_breach: bool) -> tuple[str, ...]:
    group = shown.group
    if is_breach:
        group = msgspec.structs.replace(group, state=State.BREACH)
    return (
        *_place(shown),
        *map(share_text, (group.rate, group.disparate_impact_ratio)),
        bounds_text(group.ratio_bounds),
        share_text(group.gap, "undefined", sign="+"),
        bounds_text(None if group.worst_case is None else group.worst_case.ratio),
        f"{state_words(group.state, exceeded_limits(group, rules))}{estimated_mark(group)}",
    )
