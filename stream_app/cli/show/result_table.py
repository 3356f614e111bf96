"""Results as tables for people: one table for each model and window, with all its attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.evidence import Evidence
from stream_app.pipeline.records.results import CROSS, ProxyValues

EVIDENCE = "log10\ne-value /\nthreshold"  # heading of the column of evidence
_WIDE = 100  # columns of a terminal in which everything fits
STYLES = {"ok": "green", "insufficient": "yellow", "warning": "yellow", "breach": "bold white on red"}
_STATES = {"ok": "no alarm", "insufficient": "insufficient data"}
_REASONS = {
    "disparate_impact_ratio": "ratio",
    "reference": "ref.",
    "disparate_impact_undefined": "DIR not computable",
    "below_min_n": "too few decisions",
    "not_declared": "not in policy",
}


def window_key(result: DisclosedResult | DisclosedOutcomeResult) -> tuple[str, str, int, int]:
    """Return what the results of one table have in common."""
    return (result.model, result.window, result.start_s, result.end_s)


def result_table(results: Sequence[DisclosedResult], *, digits: int, width: int) -> Table:
    """Draw the results of one window.

    Args:
        results: At least one, all of one model and window.
        digits: Decimals of rates, ratios and gaps.
        width: Columns of the terminal; a narrow one shows neither gap nor reasons.
    """
    is_wide = width >= _WIDE
    table = Table(
        title=escape(title_of(results[0])), title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1)
    )
    table.add_column("attribute", no_wrap=True)
    table.add_column("group", overflow="fold", min_width=8)
    for name in ("n", "rate", "ratio", "95%", *(["gap"] if is_wide else []), EVIDENCE):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", overflow="fold", min_width=8)
    notes = [line for result in results if CROSS not in result.attribute for line in _unknown_groups(result, digits)]
    table.caption, table.caption_justify = "\n".join(notes) or None, "left"
    for result in results:
        for number, group in enumerate(_listed(result)):
            table.add_row(_heading(result, number), *_cells(result, group, digits, is_wide=is_wide))
        table.add_section()
    return table


def _listed(result: DisclosedResult) -> Sequence[DisclosedGroup]:
    """Return the groups that are drawn: of an intersection only those in warning or breach, since there are many."""
    if CROSS not in result.attribute:
        return result.groups
    return [group for group in result.groups if group.state in ("warning", "breach")]


def _heading(result: DisclosedResult, number: int) -> str:
    """Return the first column: the attribute, and below it whether its groups are estimated."""
    if number == 0:
        return escape(result.attribute)
    is_estimated = any(isinstance(group.proxy, ProxyValues) for group in result.groups)
    return "estimated" if number == 1 and is_estimated else ""


def title_of(result: DisclosedResult | DisclosedOutcomeResult) -> str:
    """Name the window of a table."""
    start, end = (datetime.fromtimestamp(time_s, UTC) for time_s in (result.start_s, result.end_s))
    until = end.strftime("%H:%M:%S") if end.date() == start.date() else end.strftime("%Y-%m-%d %H:%M:%S")
    revision = f", revision {result.revision}" if result.revision else ""
    return f"{result.model}, {result.window}: {start:%Y-%m-%d %H:%M:%S} to {until} UTC (event time){revision}"


def _unknown_groups(result: DisclosedResult, digits: int) -> Iterable[str]:
    """Yield the share of unknown groups, and what the ratio of each drawn group can be whatever they are."""
    share = sum(group.share or 0.0 for group in result.groups)
    ratios = [
        f"  {escape(group.group)} {bounds.lower:.{digits}f} to {bounds.upper:.{digits}f}"
        for group in _listed(result)
        if group.worst_case is not None and (bounds := group.worst_case.ratio) is not None
    ]
    sentences = [f"{share:.1%} of the decisions are of unknown groups"] if share else []
    sentences += ["ratio over every allocation:"] if ratios else []
    if sentences:
        yield f"{escape(result.attribute)}: {'; '.join(sentences)}"
    yield from ratios


def _cells(result: DisclosedResult, group: DisclosedGroup, digits: int, *, is_wide: bool) -> Iterable[str]:
    yield escape(group.group)
    yield f"<{result.k}" if group.hidden == "small_cell" else "" if group.n is None else f"{group.n:,}"
    yield "" if group.rate is None else f"{group.rate:.{digits}f}"
    yield "" if group.disparate_impact_ratio is None else f"{group.disparate_impact_ratio:.{digits}f}"
    bounds = group.ratio_bounds
    upper = "" if bounds is None or bounds.upper is None else f"{bounds.upper:.2f}"
    yield "" if bounds is None else f"{bounds.lower:.2f}-{upper}"
    if is_wide:
        yield "" if group.gap is None else f"{group.gap:+.{digits}f}"
    yield nearest_evidence(group.evidence)
    yield _state(group, result.k, is_wide=is_wide)


def nearest_evidence(evidence: Sequence[Evidence]) -> str:
    """Return the evidence of the test that is nearest to an alarm, and its threshold: 10^6.1 of 10^9.4 as 6.1/9.4."""
    running = [test for test in evidence if test.log10_e is not None]
    if any(test.state == "breach" for test in evidence):
        return "alarm"
    if not running:
        return ""
    nearest = max(running, key=lambda test: (test.log10_e or 0.0) / test.log10_threshold)
    return f"{max(0.0, nearest.log10_e or 0.0):.1f}/{nearest.log10_threshold:.1f}"


def describe_state(state: State) -> str:
    """Return a state in words and color."""
    return f"[{STYLES[state]}] {_STATES.get(state, state)} [/]"


def describe_suppression(reason: str, k: int, *, is_wide: bool) -> str:
    """Return that a group is suppressed, and with room why: it is small, or it would reveal a small one."""
    if not is_wide:
        return "suppressed"
    return f"suppressed (n < {k})" if reason == "small_cell" else "suppressed (secondary)"


def _state(group: DisclosedGroup, k: int, *, is_wide: bool) -> str:
    reasons = [*group.rules, *filter(None, [group.reason])] if is_wide else [*filter(None, [group.reason])]
    words = [_REASONS.get(reason, reason.replace("_", " ")) for reason in reasons]
    if group.hidden is not None:
        words.append(describe_suppression(group.hidden, k, is_wide=is_wide))
    description = ", ".join(words)
    return description if group.state is None else f"{describe_state(group.state)} {description}".rstrip()
