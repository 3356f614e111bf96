"""Results as tables for people: one table for each model and window, all its attributes in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from stream_app.pipeline.disclosed import DisclosedGroup, DisclosedResult

_STYLES = {"ok": "green", "insufficient": "yellow", "watch": "yellow", "breach": "bold white on red"}
_WORDS = {
    "disparate_impact_ratio": "ratio",
    "disparate_impact_undefined": "DIR not computable",
    "below_min_n": "too few to judge",
    "small_cell": "hidden",
    "complementary": "hidden with it",
}


def window_key(result: DisclosedResult) -> tuple[str, str, int, int]:
    """Return what results of one table share."""
    return (result.model, result.window, result.start_s, result.end_s)


def result_table(results: Sequence[DisclosedResult], *, digits: int) -> Table:
    """Draw the results of one window.

    Args:
        results: At least one, all of one model and window.
        digits: Decimals of rates, ratios and gaps.
    """
    table = Table(title=_title(results[0]), title_justify="left", title_style="bold")
    table.add_column("attribute", no_wrap=True)
    table.add_column("group", overflow="fold")
    for name in ("n", "rate", "ratio", "gap"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    for result in results:
        for number, group in enumerate(result.groups):
            table.add_row(result.attribute if number == 0 else "", *_cells(result, group, digits))
        table.add_section()
    return table


def _title(result: DisclosedResult) -> str:
    start, end = (datetime.fromtimestamp(moment_s, UTC) for moment_s in (result.start_s, result.end_s))
    until = end.strftime("%H:%M:%S") if end.date() == start.date() else end.strftime("%Y-%m-%d %H:%M:%S")
    revision = f", revision {result.revision}" if result.revision else ""
    return f"{result.model}, {result.window}: {start:%Y-%m-%d %H:%M:%S} to {until} UTC (event time){revision}"


def _cells(result: DisclosedResult, group: DisclosedGroup, digits: int) -> Iterable[str]:
    yield escape(group.group)
    yield f"<{result.k}" if group.hidden == "small_cell" else "" if group.n is None else f"{group.n:,}"
    yield "" if group.rate is None else f"{group.rate:.{digits}f}"
    yield "" if group.disparate_impact_ratio is None else f"{group.disparate_impact_ratio:.{digits}f}"
    yield "" if group.gap is None else f"{group.gap:+.{digits}f}"
    yield _state(group)


def _state(group: DisclosedGroup) -> str:
    reasons = [*group.rules, *filter(None, [group.reason]), *filter(None, [group.hidden])]
    why = ", ".join(_WORDS.get(reason, reason.replace("_", " ")) for reason in reasons)
    if group.state is None:
        return why
    return f"[{_STYLES[group.state]}] {group.state} [/] {why}".rstrip()
