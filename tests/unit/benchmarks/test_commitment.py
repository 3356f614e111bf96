"""What commitments take is compared with ingest in the same round, and never with a wrong one."""

from __future__ import annotations

import pytest

from benchmarks.compare.catalog import system_of
from benchmarks.compare.commitment import Commitment, commit, shares, verdict
from benchmarks.compare.report import Measurement


def ingest(number: int, cpu_us: float, *faults: str) -> Measurement:
    system = system_of("fairstream")
    return Measurement("fairstream", system, number, n_events=1000, cpu_s=cpu_us / 1000, wall_s=1.0, faults=faults)


def test_shares_pair_the_measurements_of_one_round() -> None:
    found = shares([Commitment(1, 0.2, 0.5), Commitment(2, 0.3, 0.6)], [ingest(1, 10.0), ingest(2, 10.0)])
    assert found == [pytest.approx((0.02, 0.05)), pytest.approx((0.03, 0.06))]
    assert shares([Commitment(1, 0.2, 0.5)], [ingest(1, 10.0, "wrong counts"), ingest(2, 10.0)]) == []


def test_the_verdict_is_one_line_and_there_is_none_without_a_right_round() -> None:
    said = verdict([Commitment(1, 0.2, 0.5)], [ingest(1, 10.0)])
    assert said.startswith("OK: commitments of the audit log take 0.20 µs of CPU for a record, 2.0% of ingest")
    assert verdict([Commitment(1, 0.4, 0.5)], [ingest(1, 10.0)]).startswith("OVER THE GOAL")
    assert verdict([Commitment(1, 0.4, 0.5)], [ingest(1, 10.0, "wrong counts")]) == ""


def test_both_forms_are_measured() -> None:
    found = commit([b"x" * 290] * 3000, 7)
    assert found.round == 7
    assert min(found.together, found.provable) > 0
