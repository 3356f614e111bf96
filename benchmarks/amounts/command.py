"""``python -m benchmarks amounts``: simulate the test of mean amounts; 1 if an acceptance number is not reached."""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from scipy.stats import binom

from benchmarks.amounts import tables
from benchmarks.amounts.coverage import SHAPES, SIZES, CoverageResult, coverage
from benchmarks.amounts.delays import CHANGES, C, DelayResult, delays_after
from benchmarks.amounts.false_alarms import NullResult, false_alarms
from benchmarks.amounts.progress import Progress
from benchmarks.amounts.ratios import RATIO_CHANGES, RATIO_NULLS
from benchmarks.amounts.streams import NULLS
from benchmarks.detect.judgment import MAX_BOUNDS, MAX_ORACLES, Verdict
from benchmarks.detect.methods.detector import quantile
from benchmarks.stage.bench import say

_ALARM_LEVEL = 0.005  # probability that a test within its bound is reported to miss it, per stream
_CONFIDENCE, _CHANCE_Z = 0.95, 3.5  # of the intervals; standard errors that chance is granted


@dataclass(frozen=True)
class Size:
    """Repetitions and lengths.

    Attributes:
        n_panes: Length of a null stream.
        n_runs: Its runs.
        c: Threshold on it.
        n_delay_runs: Runs of each change.
        n_calm_panes: Fair panes before it.
        n_oracle_panes: Length of the runs that the oracle's threshold comes from.
        n_oracle_runs: Their number.
        n_windows: Windows of each shape and size.
    """

    n_panes: int
    n_runs: int
    c: float
    n_delay_runs: int
    n_calm_panes: int
    n_oracle_panes: int
    n_oracle_runs: int
    n_windows: int


FULL = Size(10_000, 100, 1e8, 200, 300, 4_000, 200, 8_000)
QUICK = Size(500, 20, 1e6, 30, 100, 500, 50, 500)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--quick", action="store_true", help="fewer, shorter runs: less than a minute")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print and write; return 1 if an acceptance number is missed."""
    size, started_s = QUICK if arguments.quick else FULL, time.monotonic()
    nulls, delays, covered = measure(size)
    wall_s = time.monotonic() - started_s
    verdicts = [
        *judge_false_alarms(nulls),
        *([] if arguments.quick else judge_delays(delays)),
        *judge_coverage(covered),
    ]
    tables.print_coverage(covered)
    tables.print_false_alarms(nulls)
    tables.print_delays(delays)
    for verdict in verdicts:
        if not verdict.is_reached:
            say(f"MISSED {verdict.claim}: {verdict.measured}")
    say(f"{sum(verdict.is_reached for verdict in verdicts)} of {len(verdicts)} acceptance numbers are reached")
    say(f"measured in {wall_s:,.0f} s")
    if arguments.json:
        figures: dict[str, Any] = {
            "is_quick": arguments.quick,
            "false_alarms": [asdict(result) | {"permitted": result.permitted} for result in nulls],
            "delays": [_as_json(result) for result in delays],
            "coverage": [asdict(result) for result in covered],
            "acceptance": [asdict(verdict) for verdict in verdicts],
            "wall_s": wall_s,
        }
        arguments.json.write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", "utf-8")
    return 0 if all(verdict.is_reached for verdict in verdicts) else 1


def measure(size: Size) -> tuple[list[NullResult], list[DelayResult], list[CoverageResult]]:
    """Measure all streams, changes and intervals of this size, and say after each how far it is."""
    streams, changes, windows = (*NULLS, *RATIO_NULLS), (*CHANGES, *RATIO_CHANGES), list(product(SHAPES, SIZES))
    progress = Progress(len(streams) + len(changes) + len(windows))
    nulls = [
        progress.measure(
            f"null stream {stream.name}",
            partial(false_alarms, stream, n_panes=size.n_panes, n_runs=size.n_runs, log_c=math.log(size.c)),
        )
        for stream in streams
    ]
    delays = [
        progress.measure(
            f"change {change.name}",
            partial(
                delays_after,
                change,
                n_runs=size.n_delay_runs,
                n_calm_panes=size.n_calm_panes,
                n_oracle_panes=size.n_oracle_panes,
                n_oracle_runs=size.n_oracle_runs,
            ),
        )
        for change in changes
    ]
    covered = [
        progress.measure(f"windows {shape}, {n_a:,} and {n_b:,}", partial(coverage, shape, n_a, n_b, size.n_windows))
        for shape, (n_a, n_b) in windows
    ]
    return nulls, delays, covered


def judge_false_alarms(results: Sequence[NullResult]) -> list[Verdict]:
    """Judge each stream by what its bound allows, at the threshold and at a tenth of it."""
    verdicts = []
    for result in results:
        for what, n, share in (
            ("alarms", result.n_with_any, result.permitted),
            ("a tenth of c", result.n_near, 10 * result.permitted),
        ):
            is_plausible = float(binom.sf(n - 1, result.n_tests, min(share, 1.0))) >= _ALARM_LEVEL
            claim = f"{result.stream}: {what} in at most {share:.1%} of tests"
            verdicts.append(Verdict(claim, f"{n} of {result.n_tests}", is_plausible))
    return verdicts


def judge_delays(results: Sequence[DelayResult]) -> list[Verdict]:
    """Judge the medians by the oracle's and by the bound."""
    verdicts = []
    for result in results:
        median, of_oracle = quantile(result.test, 0.5), quantile(result.oracle, 0.5)
        for what, least, most in (("oracle", of_oracle, MAX_ORACLES), ("bound", result.bound, MAX_BOUNDS)):
            claim = f"{result.change}: median at most {most:g} times the {what}"
            verdicts.append(Verdict(claim, f"{median / least:.2f}", median <= most * least))
    return verdicts


def judge_coverage(results: Sequence[CoverageResult]) -> list[Verdict]:
    """Judge the intervals of single windows: each must contain the truth in 95 of 100."""
    return [
        Verdict(
            f"{result.shape}, {result.n_a} and {result.n_b}: covered in {_CONFIDENCE:.0%}",
            f"{result.covered:.3f}",
            result.covered >= _CONFIDENCE - _CHANCE_Z * math.sqrt(_CONFIDENCE * (1 - _CONFIDENCE) / result.n_windows),
        )
        for result in results
    ]


def _as_json(result: DelayResult) -> dict[str, Any]:
    shares = {"median": 0.5, "p95": 0.95}
    delays = {
        name: {at: value if math.isfinite(value := quantile(after, share)) else None for at, share in shares.items()}
        for name, after in (("oracle", result.oracle), ("test", result.test))
    }
    names = {"change": result.change, "seed": result.seed, "bound": result.bound, "c": C, "n_runs": result.test.size}
    return names | delays | {"n_before": result.n_before}
