"""What ``docs/explanation/statistics.md`` says is what the code does: every reason, and the numbers of its tables."""

from __future__ import annotations

import itertools

import pytest

from stream_app.core.fairness.calibration import CalibrationReason
from stream_app.core.fairness.consistency import ConsistencyReason
from stream_app.core.fairness.outcome_rates import LabelReason
from stream_app.core.groups.comparison import Reason
from stream_app.core.intervals.confidence_sequence import gap_sequence, rate_sequence, ratio_sequence
from stream_app.core.intervals.intervals import Interval, koopman, newcombe, wilson
from tests.support.paths import ROOT

TEXT = (ROOT / "docs/explanation/statistics.md").read_text(encoding="utf-8")
PAIR = (133, 197, 1527, 1681)


def told(interval: Interval) -> str:
    assert interval.upper is not None
    return f"{interval.lower:.3f} to {interval.upper:.3f}"


@pytest.mark.parametrize(
    "reason",
    [
        Reason.NO_DECISIONS,
        Reason.REFERENCE_EMPTY,
        Reason.REFERENCE_RATE_ZERO,
        Reason.REFERENCE_RATE_NEAR_ZERO,
        *itertools.chain(LabelReason, CalibrationReason, ConsistencyReason),
    ],
)
def test_every_reason_is_explained(reason: str) -> None:
    # Those of the reference group are told once for all of them.
    is_of_outcomes = isinstance(reason, LabelReason)
    name = reason.removeprefix("reference_") if is_of_outcomes else str(reason)
    assert f"`{name}`" in TEXT
    assert "`reference_…`" in TEXT


def test_the_numbers_beside_each_other_are_those_of_the_code() -> None:
    for name, interval, sequence in (
        ("rate of the group", wilson(*PAIR[:2]), rate_sequence(*PAIR[:2])),
        ("gap", newcombe(*PAIR), gap_sequence(*PAIR)),
        ("ratio", koopman(*PAIR), ratio_sequence(*PAIR)),
    ):
        assert f"| {name} | {told(interval)} | {told(sequence)} |" in TEXT
    all_approved = (10, 10, 10, 10)
    ends = (wilson(10, 10).lower, newcombe(*all_approved), koopman(*all_approved))
    assert f"| {ends[0]:.3f} to 1 | {told(ends[1])} | {told(ends[2])} |" in TEXT
