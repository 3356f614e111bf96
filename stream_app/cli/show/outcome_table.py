"""What came of the decisions, as tables for people: one table for each model and window, all its attributes in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from stream_app.cli.show.result_table import STYLES, WORDS, nearest_evidence, title_of

if TYPE_CHECKING:
    from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeGroup, DisclosedOutcomeResult
    from stream_app.pipeline.records.outcome_results import Measure

_COLUMNS = ("outcomes", "without", "good", "95 %", "tpr", "fpr", "gap of good", "gap of tpr", "calibration", "evidence")


def outcome_table(results: Sequence[DisclosedOutcomeResult]) -> Table:
    """Draw the outcomes of one window.

    Args:
        results: At least one, all of one model and window.
    """
    table = Table(title=title_of(results[0]), title_justify="left", title_style="bold")
    table.add_column("attribute", no_wrap=True)
    table.add_column("group", overflow="fold")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    table.add_column("state", overflow="fold")
    for result in results:
        for number, group in enumerate(result.groups):
            table.add_row(escape(result.attribute) if number == 0 else "", *_cells(result, group))
        table.add_section()
    if results[0].is_selective:
        table.caption = "good: share among the approved; outcomes of the refused are not known"
        table.caption_justify = "left"
    return table


def _cells(result: DisclosedOutcomeResult, group: DisclosedOutcomeGroup) -> Iterable[str]:
    good = group.favorable_outcome_rate
    yield escape(group.group)
    yield f"<{result.k}" if group.hidden == "small_cell" else "" if group.n is None else f"{group.n:,}"
    yield "" if group.without_outcome_ratio is None else f"{group.without_outcome_ratio:.3f}"
    yield _value(good)
    yield "" if good is None or good.lower is None or good.upper is None else f"{good.lower:.2f}-{good.upper:.2f}"
    yield _value(group.true_positive_rate)
    yield _value(group.false_positive_rate)
    yield _value(group.predictive_parity_difference, sign="+")
    yield _value(group.equal_opportunity_difference, sign="+")
    yield "" if group.calibration_error is None else f"{group.calibration_error:.3f}"
    yield nearest_evidence(group.evidence)
    yield _state(group)


def _value(measure: Measure | None, sign: str = "") -> str:
    return "" if measure is None or measure.value is None else f"{measure.value:{sign}.4f}"


def _state(group: DisclosedOutcomeGroup) -> str:
    why = "" if group.hidden is None else WORDS[group.hidden]
    return why if group.state is None else f"[{STYLES[group.state]}] {group.state} [/]"
