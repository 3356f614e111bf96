"""All figures as JSON, without infinity and NaN: a quantile that was not reached is null."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.detect.clusters import ClusterResult
from benchmarks.detect.delays import ChangeResult, Delay
from benchmarks.detect.false_alarms import NullResult
from benchmarks.detect.faults import FaultResult
from benchmarks.detect.feeds import FeedResult
from benchmarks.detect.judgment import Verdict
from benchmarks.detect.memberships import MembershipResult
from benchmarks.detect.methods.detector import quantile
from benchmarks.detect.onsets import OnsetResult
from benchmarks.detect.pairs import PairsResult
from benchmarks.detect.patience import PatienceResult
from benchmarks.detect.recovery import RecoveryResult
from benchmarks.detect.unknowns import HiddenResult, MissingResult
from benchmarks.stage.environment import environment


@dataclass(frozen=True)
class Figures:
    """Everything that was measured.

    Attributes:
        nulls: False alarms by stream.
        changes: Delays and onsets by change.
        recoveries: Recoveries.
        waits: The patience table.
        faults: Alarms under faults.
        clusters: Alarms and delays of decisions in clusters.
        feeds: Alarms on batches and bursts.
        hidden: Alarms where groups are hidden.
        missing: Delays where groups are missing.
        onsets: Estimated onsets and their intervals.
        power: A model with many pairs: delays by procedure.
        promises: The same: false alarms on the limit.
        limits: Groups by probabilities, on the limit.
        violations: Groups by probabilities, delays.
        verdicts: Acceptance numbers of the detector.
        dummy: The same for a dummy that always fires; it must miss some.
    """

    nulls: Sequence[NullResult]
    changes: Sequence[ChangeResult]
    recoveries: Sequence[RecoveryResult]
    waits: Sequence[PatienceResult]
    faults: Sequence[FaultResult]
    clusters: Sequence[ClusterResult]
    feeds: Sequence[FeedResult]
    hidden: Sequence[HiddenResult]
    missing: Sequence[MissingResult]
    onsets: Sequence[OnsetResult]
    power: Sequence[PairsResult]
    promises: Sequence[PairsResult]
    limits: Sequence[MembershipResult]
    violations: Sequence[MembershipResult]
    verdicts: Sequence[Verdict]
    dummy: Sequence[Verdict]


def as_json(figures: Figures, *, is_quick: bool, wall_s: float) -> dict[str, Any]:
    """Return the figures in JSON types."""
    return {
        "environment": environment() | {"is_quick": is_quick, "wall_s": round(wall_s, 1)},
        "false_alarms": [asdict(result) for result in figures.nulls],
        "delays": [_change(result) for result in figures.changes],
        "recoveries": [
            {
                "stream": result.stream,
                "seed": result.seed,
                "n_runs": result.n_runs,
                "n_in_breach": result.n_in_breach,
                "n_false": result.n_false,
                "after": _delay(Delay(result.after, 0)),
            }
            for result in figures.recoveries
        ],
        "patience": [
            {
                "p_a": result.violation.p_a,
                "p_b": result.violation.p_b,
                "q": result.violation.q,
                "seed": result.seed,
                "bound": result.bound,
                "delay": _delay(result.delay),
            }
            for result in figures.waits
        ],
        "faults": [asdict(result) for result in figures.faults],
        "clusters": [
            {
                "decisions": result.clustering.name,
                "seed": result.seed,
                "tested_with": result.method,
                "n_runs": result.n_runs,
                "n_runs_with_any": result.n_runs_with_any,
                "permitted": result.permitted,
                "delays": {str(ratio): _delay(Delay(after, 0)) for ratio, after in result.delays.items()},
                "design_effect": result.design_effect,
            }
            for result in figures.clusters
        ],
        "feeds": [asdict(result) for result in figures.feeds],
        "hidden_groups": [asdict(result) for result in figures.hidden],
        "missing_groups": [
            {
                "violation": result.name,
                "seed": result.seed,
                "excluded": _delay(result.excluded),
                "worst_case": _delay(result.worst_case),
            }
            for result in figures.missing
        ],
        "onsets": [_onset(result) for result in figures.onsets],
        "many_pairs": [
            {
                "procedure": power.method,
                "n_runs": power.n_runs,
                "delay": _delay(Delay(power.delays.ravel(), 0)),
                "false_per_million": promise.false_per_million,
                "bound": promise.bound,
            }
            for power, promise in zip(figures.power, figures.promises, strict=True)
        ],
        "memberships": [_membership(result) for result in (*figures.limits, *figures.violations)],
        "acceptance": [asdict(verdict) for verdict in figures.verdicts],
        "acceptance_of_the_dummy": [asdict(verdict) for verdict in figures.dummy],
    }


def _change(result: ChangeResult) -> dict[str, Any]:
    early, usual, late = (_finite(quantile(result.onset_errors, share)) for share in (0.05, 0.5, 0.95))
    return {
        "stream": result.stream,
        "seed": result.seed,
        "is_judged": result.is_judged,
        "n_runs": result.n_runs,
        "n_observed": result.n_observed,
        "bound": result.bound,
        "delays": {name: _delay(delay) for name, delay in result.delays.items()},
        "onset_error": {"p05": early, "median": usual, "p95": late},
    }


def _membership(result: MembershipResult) -> dict[str, Any]:
    delays = {"known": result.known, "estimated": result.estimated}
    names = ("name", "seed", "n_runs", "true_ratio", "ratio", "assigned_ratio", "n_runs_with_any", "permitted")
    return {name: getattr(result, name) for name in names} | {
        name: None if delay is None else _delay(delay) for name, delay in delays.items()
    }


def _onset(result: OnsetResult) -> dict[str, Any]:
    return {
        "stream": result.stream,
        "seed": result.seed,
        "n_runs": result.errors.size,
        "mean_error": float(result.errors.mean()),
        "mean_error_of_the_test": float(result.own_errors.mean()),
        "median_width": _finite(quantile(result.widths, 0.5)),
        "n_covered": result.n_covered,
    }


def _delay(delay: Delay) -> dict[str, float | int | None]:
    return {
        "n_runs": delay.after.size,
        "median": _finite(delay.quantile(0.5)),
        "p95": _finite(delay.quantile(0.95)),
        "n_missed": delay.n_missed,
        "n_runs_before": delay.n_runs_before,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
