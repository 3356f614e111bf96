"""Results for people: one listing for each model and window, with all its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.text import Text

from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
from stream_app.pipeline.disclosure.ranking import rank_of
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.rules import NOT_SHOWN_YET, SMALL_CELL, WITHHELD, Hidden
from stream_app.pipeline.disclosure.wording import NOT_SHOWN_YET_WORDS, exceeded_limits, state_words
from stream_app.pipeline.records.evidence import Evidence
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, ProxyValues
from stream_app.policy import Rules

EVIDENCE = "log10 e-value / threshold"  # heading of the column of evidence
STYLES = {"ok": "green", "insufficient": "yellow", "warning": "yellow", "breach": "bold white on red"}
_COLUMNS = (
    Column("group", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("n", "rate", "ratio", "95%", "gap", EVIDENCE)),
    Column("state", is_text=True, is_head=True),
)
_REASONS = {"below_min_n": "too few decisions", "not_declared": "not in policy"}
_LISTED = (State.WARNING, State.BREACH)  # of intersections, since there are many
_WITHIN = (
    "A breach without a limit after it: the values of this window are within the limits. The alarm is about the "
    "decisions since its onset (fairstream alerts list), and lasts until the test of recovery ends it."
)
_LEFT_OUT = "Of intersections, the groups in warning or breach; all groups of one: --attribute {}"


def window_key(result: DisclosedResult | DisclosedOutcomeResult) -> tuple[str, bool, int, str, int]:
    """Return what the results of one listing have in common; listings are in its order, running totals last."""
    return (result.model, result.window == TOTAL_WINDOW, result.size_s, result.window, result.end_s)


def result_table(
    results: Sequence[DisclosedResult], rules: Rules | None = None, *, digits: int = 4, is_complete: bool = False
) -> Listing:
    """List the results of one window.

    Args:
        results: At least one, all of one model and window.
        rules: Limits of the model; None where its policy is not known.
        digits: Decimals of rates, ratios and gaps.
        is_complete: Whether all groups of intersections are listed, not only those in warning or breach.
    """
    crosses = [result.attribute for result in results if CROSS in result.attribute]
    sections = [_section(result, rules, digits, is_complete=is_complete) for result in results]
    captions = [_WITHIN] if any(_is_within(group, rules) for result in results for group in result.groups) else []
    captions += [_LEFT_OUT.format(crosses[0])] if crosses and not is_complete else []
    return Listing(title_of(results[0]), _COLUMNS, [section for section in sections if section.rows], captions)


def _is_within(group: DisclosedGroup, rules: Rules | None) -> bool:
    """Return whether a group is in breach although the values of the window, which are shown, exceed no limit."""
    is_shown = group.hidden is None and group.disparate_impact_ratio is not None and rules is not None
    return is_shown and group.state is State.BREACH and not exceeded_limits(group, rules)


def _section(result: DisclosedResult, rules: Rules | None, digits: int, *, is_complete: bool) -> Section:
    groups = list(result.groups)
    if CROSS in result.attribute:  # the worst first
        ranked = sorted(groups, key=rank_of, reverse=True)
        groups = [group for group in ranked if is_complete or group.state in _LISTED]
    unknown = "" if CROSS in result.attribute else _unknown_groups(result, groups, digits)
    return Section(
        [list(_cells(result, group, rules, digits)) for group in groups],
        section_title(result),
        [*filter(None, (unknown, *(group.sentence for group in groups)))],
    )


def section_title(result: DisclosedResult | DisclosedOutcomeResult) -> str:
    """Name the attribute of some rows, and the group with which the others are compared."""
    is_estimated = isinstance(result, DisclosedResult) and any(
        isinstance(group.proxy, ProxyValues) for group in result.groups
    )
    mark = ", groups estimated from probabilities" if is_estimated else ""
    return f"{result.attribute}, compared with {result.reference}{mark}"


def title_of(result: DisclosedResult | DisclosedOutcomeResult) -> str:
    """Name the window of a listing."""
    start, end = (datetime.fromtimestamp(time_s, UTC) for time_s in (result.start_s, result.end_s))
    until = end.strftime("%H:%M:%S") if end.date() == start.date() else end.strftime("%Y-%m-%d %H:%M:%S")
    revision = f", revision {result.revision}" if result.revision else ""
    return f"{result.model}, {result.window}: {start:%Y-%m-%d %H:%M:%S} to {until} UTC (event time){revision}"


def _unknown_groups(result: DisclosedResult, groups: Sequence[DisclosedGroup], digits: int) -> str:
    """Say which share the unknown groups have, and what the ratio of each listed group can be whatever they are."""
    share = sum(group.share or 0.0 for group in result.groups)
    ratios = ", ".join(
        f"{group.group} {bounds.lower:.{digits}f} to {bounds.upper:.{digits}f}"
        for group in groups
        if group.worst_case is not None and (bounds := group.worst_case.ratio) is not None
    )
    of_all = f"{share:.1%} of the decisions are of unknown groups." if share else ""
    return f"{of_all} Ratio over every allocation of them: {ratios}.".strip() if ratios else of_all


def _cells(result: DisclosedResult, group: DisclosedGroup, rules: Rules | None, digits: int) -> Iterator[Cell]:
    """Yield the cells of ``_COLUMNS``."""
    bounds = group.ratio_bounds
    upper = "" if bounds is None or bounds.upper is None else f"{bounds.upper:.2f}"
    yield group.group
    yield count_text(group.n, group.hidden, result.k)
    yield "" if group.rate is None else f"{group.rate:.{digits}f}"
    yield "" if group.disparate_impact_ratio is None else f"{group.disparate_impact_ratio:.{digits}f}"
    yield "" if bounds is None else f"{bounds.lower:.2f}-{upper}"
    yield "" if group.gap is None else f"{group.gap:+.{digits}f}"
    yield nearest_evidence(group.evidence)
    yield _state(group, rules, result.k)


def count_text(n: int | None, hidden: Hidden | None, k: int) -> str:
    """Return the number of cases of a group; of a small one only that it is small."""
    return f"<{k}" if hidden == SMALL_CELL else "" if n is None else f"{n:,}"


def nearest_evidence(evidence: Sequence[Evidence]) -> str:
    """Return the evidence of the test that is nearest to an alarm, and its threshold: 10^6.1 of 10^9.4 as 6.1/9.4."""
    running = [test for test in evidence if test.log10_e is not None]
    if any(test.state == "breach" for test in evidence):
        return "alarm"
    if not running:
        return ""
    nearest = max(running, key=lambda test: (test.log10_e or 0.0) / test.log10_threshold)
    return f"{max(0.0, nearest.log10_e or 0.0):.1f}/{nearest.log10_threshold:.1f}"


def state_cell(state: State, exceeded: tuple[str, ...] = ()) -> Text:
    """Return a state in words and color."""
    is_beyond = bool(exceeded) and state is State.OK
    return Text(state_words(state, exceeded), style=STYLES["warning" if is_beyond else state])


def suppression_text(reason: Hidden, k: int) -> str:
    """Return why a group is suppressed: it is small, it would reveal a small one, or nothing was shown yet."""
    if reason == NOT_SHOWN_YET:
        return NOT_SHOWN_YET_WORDS
    if reason == WITHHELD:
        return "withheld (former releases)"
    return f"suppressed (n < {k})" if reason == SMALL_CELL else "suppressed (secondary)"


def _state(group: DisclosedGroup, rules: Rules | None, k: int) -> Cell:
    if group.hidden is not None:
        return suppression_text(group.hidden, k)
    reason = "" if group.reason is None else _REASONS.get(group.reason, group.reason.replace("_", " "))
    if group.state is None:
        return reason or "not compared"
    cell = state_cell(group.state, exceeded_limits(group, rules))
    return cell.append(f", {reason}") if reason else cell
