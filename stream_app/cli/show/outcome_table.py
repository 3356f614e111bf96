"""Outcomes as tables for people: one table for each model and window, with all its attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from stream_app.cli.show.result_table import EVIDENCE, describe_state, nearest_evidence, title_of
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeGroup, DisclosedOutcomeResult
from stream_app.pipeline.records.outcome_results import Measure

_COLUMNS = (
    "outcomes",
    "missing",
    "favorable",
    "95%",
    "TPR",
    "FPR",
    "favorable\ngap",
    "TPR\ngap",
    "calibration\nerror",
    EVIDENCE,
)


def outcome_table(results: Sequence[DisclosedOutcomeResult]) -> Table:
    """Draw the outcomes of one window.

    Args:
        results: At least one, all of one model and window.
    """
    title = escape(title_of(results[0]))
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("attribute", no_wrap=True)
    table.add_column("group", overflow="fold")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    table.add_column("state", overflow="fold", min_width=10)
    for result in results:
        for number, group in enumerate(result.groups):
            table.add_row(escape(result.attribute) if number == 0 else "", *_cells(result, group))
        table.add_section()
    if results[0].is_selective:
        table.caption = "favorable: share among the approved; outcomes of denied cases are unknown"
        table.caption_justify = "left"
    return table


def _cells(result: DisclosedOutcomeResult, group: DisclosedOutcomeGroup) -> Iterable[str]:
    favorable = group.favorable_outcome_rate
    yield escape(group.group)
    yield f"<{result.k}" if group.hidden == "small_cell" else "" if group.n is None else f"{group.n:,}"
    yield "" if group.without_outcome_ratio is None else f"{group.without_outcome_ratio:.3f}"
    yield _value(favorable)
    yield _bounds(favorable)
    yield _value(group.true_positive_rate)
    yield _value(group.false_positive_rate)
    yield _value(group.predictive_parity_difference, sign="+")
    yield _value(group.equal_opportunity_difference, sign="+")
    yield "" if group.calibration_error is None else f"{group.calibration_error:.3f}"
    yield nearest_evidence(group.evidence)
    yield _state(group)


def _value(measure: Measure | None, sign: str = "") -> str:
    return "" if measure is None or measure.value is None else f"{measure.value:{sign}.4f}"


def _bounds(measure: Measure | None) -> str:
    if measure is None or measure.lower is None or measure.upper is None:
        return ""
    return f"{measure.lower:.2f}-{measure.upper:.2f}"


def _state(group: DisclosedOutcomeGroup) -> str:
    if group.state is not None:
        return describe_state(group.state)
    return "" if group.hidden is None else "suppressed"
