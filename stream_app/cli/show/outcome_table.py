"""Outcomes for people: one listing for each model and window, with all its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.cli.show.result_table import (
    EVIDENCE,
    count_text,
    nearest_evidence,
    section_title,
    state_cell,
    suppression_text,
    title_of,
)
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeGroup, DisclosedOutcomeResult
from stream_app.pipeline.disclosure.wording import exceeded_outcome_limits
from stream_app.pipeline.records.outcome_results import Measure
from stream_app.policy import Rules

_NUMBERS = (
    "outcomes",
    "missing",
    "favorable",
    "95%",
    "TPR",
    "FPR",
    "favorable gap",
    "TPR gap",
    "FPR gap",
    "calibration error",
    EVIDENCE,
)
_COLUMNS = (
    Column("group", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in _NUMBERS),
    Column("state", is_text=True, is_head=True),
)
_SELECTIVE = "favorable: share among the approved; outcomes of denied cases are unknown"


def outcome_table(results: Sequence[DisclosedOutcomeResult], rules: Rules | None = None) -> Listing:
    """List the outcomes of one window.

    Args:
        results: At least one, all of one model and window.
        rules: Limits of the model; None where its policy is not known.
    """
    sections = [
        Section([list(_cells(result, group, rules)) for group in result.groups], section_title(result))
        for result in results
    ]
    return Listing(title_of(results[0]), _COLUMNS, sections, [_SELECTIVE] if results[0].is_selective else [])


def _cells(result: DisclosedOutcomeResult, group: DisclosedOutcomeGroup, rules: Rules | None) -> Iterator[Cell]:
    """Yield the cells of ``_COLUMNS``."""
    favorable = group.favorable_outcome_rate
    yield group.group
    yield count_text(group.n, group.hidden, result.k)
    yield "" if group.without_outcome_ratio is None else f"{group.without_outcome_ratio:.3f}"
    yield _value(favorable)
    yield _bounds(favorable)
    yield _value(group.true_positive_rate)
    yield _value(group.false_positive_rate)
    yield _value(group.predictive_parity_difference, sign="+")
    yield _value(group.equal_opportunity_difference, sign="+")
    yield _value(group.false_positive_rate_difference, sign="+")
    yield "" if group.calibration_error is None else f"{group.calibration_error:.3f}"
    yield nearest_evidence(group.evidence)
    yield _state(result, group, rules)


def _value(measure: Measure | None, sign: str = "") -> str:
    return "" if measure is None or measure.value is None else f"{measure.value:{sign}.4f}"


def _bounds(measure: Measure | None) -> str:
    if measure is None or measure.lower is None or measure.upper is None:
        return ""
    return f"{measure.lower:.2f}-{measure.upper:.2f}"


def _state(result: DisclosedOutcomeResult, group: DisclosedOutcomeGroup, rules: Rules | None) -> Cell:
    if group.hidden is not None:
        return suppression_text(group.hidden, result.k)
    if group.state is None:
        return "reference" if group.group == result.reference else ""
    return state_cell(group.state, exceeded_outcome_limits(group, rules))
