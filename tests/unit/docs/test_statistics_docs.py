"""What ``docs/explanation/statistics.md`` says is what the code does: every reason, and the numbers of its tables."""

from __future__ import annotations

import itertools
import re

import pytest

from stream_app.core.fairness.calibration import CalibrationReason
from stream_app.core.fairness.consistency import ConsistencyReason
from stream_app.core.fairness.disparity import DisparityReason
from stream_app.core.fairness.inequality import InequalityReason
from stream_app.core.fairness.outcome_rates import LabelReason
from stream_app.core.groups.comparison import Reason
from stream_app.core.intervals.confidence_sequence import gap_sequence, rate_sequence, ratio_sequence
from stream_app.core.intervals.intervals import Interval, koopman, newcombe, wilson
from tests.support.paths import ROOT

TEXT = (ROOT / "docs/explanation/statistics.md").read_text(encoding="utf-8")
PAIR = (133, 197, 1527, 1681)


def shown(interval: Interval) -> str:
    assert interval.upper is not None
    return f"{interval.lower:.3f} to {interval.upper:.3f}"


@pytest.mark.parametrize(
    "reason",
    [
        Reason.NO_DECISIONS,
        Reason.REFERENCE_EMPTY,
        Reason.REFERENCE_RATE_ZERO,
        Reason.REFERENCE_RATE_NEAR_ZERO,
        *itertools.chain(LabelReason, CalibrationReason, ConsistencyReason, DisparityReason, InequalityReason),
    ],
)
def test_every_reason_is_explained(reason: str) -> None:
    is_of_reference = isinstance(reason, LabelReason) and reason.startswith("reference_")
    if is_of_reference:  # a table says once for all its rows that they occur for the reference too
        assert reason.removeprefix("reference_") in reasons_in_tables(is_of_reference=True)
    else:
        assert f"`{reason}`" in TEXT


def test_the_tables_name_no_reason_that_the_code_does_not_give() -> None:
    kinds = (Reason, LabelReason, CalibrationReason, ConsistencyReason, DisparityReason, InequalityReason)
    known = {str(reason) for reason in itertools.chain(*kinds)}
    assert reasons_in_tables(is_of_reference=False) <= known
    assert {f"reference_{name}" for name in reasons_in_tables(is_of_reference=True)} <= known


def reasons_in_tables(*, is_of_reference: bool) -> set[str]:
    """Return the reasons in the column "no value when": of all tables, or of those that name ``reference_…``."""
    reasons: set[str] = set()
    column = None
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        titles = [place for place, cell in enumerate(cells) if cell.startswith("no value when")]
        if titles:
            column = titles[0] if "reference_…" in cells[titles[0]] or not is_of_reference else None
        elif not line.startswith("|"):
            column = None
        elif column is not None:
            reasons |= set(re.findall(r"`(\w+)`", cells[column]))
    return reasons


def test_the_numbers_beside_each_other_are_those_of_the_code() -> None:
    for name, interval, sequence in (
        ("rate of the group", wilson(*PAIR[:2]), rate_sequence(*PAIR[:2])),
        ("gap", newcombe(*PAIR), gap_sequence(*PAIR)),
        ("ratio", koopman(*PAIR), ratio_sequence(*PAIR)),
    ):
        assert f"| {name} | {shown(interval)} | {shown(sequence)} |" in TEXT
    all_approved = (10, 10, 10, 10)
    ends = (wilson(10, 10).lower, newcombe(*all_approved), koopman(*all_approved))
    assert f"| {ends[0]:.3f} to 1 | {shown(ends[1])} | {shown(ends[2])} |" in TEXT
