"""The test of mean amounts on simulated streams, in short; ``python -m benchmarks amounts`` is the long form."""

from __future__ import annotations

import json
import math
import re
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.amounts import command
from benchmarks.amounts.command import Size, judge_delays, judge_false_alarms
from benchmarks.amounts.coverage import SHAPES, SIZES
from benchmarks.amounts.delays import CHANGES, Change, DelayResult, delays_after
from benchmarks.amounts.false_alarms import NullResult, false_alarms
from benchmarks.amounts.oracle import new_oracle
from benchmarks.amounts.ratios import RATIO_CHANGES, RATIO_NULLS
from benchmarks.amounts.streams import NULLS, AmountStream
from tests.support.paths import ROOT


@pytest.mark.parametrize("stream", [*NULLS, *RATIO_NULLS], ids=lambda stream: stream.name)
def test_alarms_are_rare_where_the_rule_is_kept(stream: AmountStream) -> None:
    # 10,000 decisions with a threshold of 100,000: a tenth of the 16 tests at most, so more than 7 are not chance.
    result = false_alarms(stream, n_panes=100, n_runs=8, log_c=math.log(1e5))

    assert result.n_with_any <= binom.isf(1e-4, result.n_tests, result.permitted)
    assert result.n_near <= result.n_tests


@pytest.mark.parametrize("change", [CHANGES[2], CHANGES[4], RATIO_CHANGES[0]], ids=lambda change: change.name)
def test_a_change_is_detected_hardly_later_than_by_the_oracle(change: Change) -> None:
    result = delays_after(change, n_runs=16, n_calm_panes=30, n_oracle_panes=300, n_oracle_runs=30)

    assert np.isfinite(result.test).all()
    assert result.n_before == 0
    assert np.median(result.test) <= 1.6 * np.median(result.oracle)


def test_the_oracle_of_two_amounts_is_the_likelihood_ratio_of_rates() -> None:
    change = CHANGES[6]
    oracle = new_oracle(change.name, change.a, change.b, 0.0, 0.1, n_panes=200, n_runs=20)
    rate = 0.1 * 0.4 + 0.9 * 0.5  # the nearest equal rates
    of_a = 0.4 * math.log(0.4 / rate) + 0.6 * math.log(0.6 / (1 - rate))
    of_b = 0.5 * math.log(0.5 / rate) + 0.5 * math.log(0.5 / (1 - rate))

    assert oracle.growth == pytest.approx(0.1 * of_a + 0.9 * of_b, rel=0.05)


def test_a_test_that_alarms_always_misses_every_number() -> None:
    null = NullResult("any", 1, 50, 1e6, 1e8, 100, 100, 100, 0.0)
    late = DelayResult("any", 1, 1_000.0, np.full(9, 1_000.0), np.full(9, 2_000.0), 0)

    assert not any(verdict.is_reached for verdict in [*judge_false_alarms([null]), *judge_delays([late])])


def test_the_quick_form_runs_in_one_go_with_progress_tables_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = Size(20, 4, 1e6, 4, 5, 20, 4, 20)
    monkeypatch.setattr(command, "QUICK", tiny)
    monkeypatch.setattr(command, "CHANGES", [CHANGES[2]])
    monkeypatch.setattr(command, "RATIO_CHANGES", [RATIO_CHANGES[0]])
    streams, changes = (*NULLS, *RATIO_NULLS), (CHANGES[2], RATIO_CHANGES[0])
    file = tmp_path / "figures.json"
    command.main(Namespace(quick=True, json=file))
    printed = capsys.readouterr()
    n_parts = len(streams) + len(changes) + len(SHAPES) * len(SIZES)
    done = re.findall(r"^(\d+)/(\d+) .+: [\d.]+ s, in all \d+ s$", printed.err, re.MULTILINE)
    assert done == [(str(number), str(n_parts)) for number in range(1, n_parts + 1)]
    figures = json.loads(file.read_text("utf-8"))
    assert [len(figures[part]) for part in ("false_alarms", "delays", "coverage")] == [len(streams), 2, 28]
    rows = [line.split(" | ")[0].removeprefix("| ").strip() for line in printed.out.splitlines() if line]
    names = [*(name for name in SHAPES for _ in SIZES), *(each.name for each in (*streams, *changes))]
    assert [row for row in rows if row in names] == names


def test_the_page_has_every_row_of_the_tables() -> None:
    page = (ROOT / "docs" / "explanation" / "amounts.md").read_text("utf-8")
    rows = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")}
    measured = (*NULLS, *RATIO_NULLS, *CHANGES, *RATIO_CHANGES)
    assert {*SHAPES, *(each.name for each in measured)} <= rows
