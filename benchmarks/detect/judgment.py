"""The acceptance numbers: what a detector must reach, stated as the number of runs that may exceed a bound.

"The median is at most x" means that at most half of the runs exceed x. The full form takes that literally. The quick
form has few runs, so it only requires a number of runs beyond x that is not implausible (0.1%) if the claim is just
true. Counts of false alarms are judged in both forms by what chance allows under the proven bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from benchmarks.detect.delays import DETECTOR, ORACLE, ChangeResult, Delay
from benchmarks.detect.false_alarms import NullResult
from benchmarks.detect.feeds import FeedResult
from benchmarks.detect.memberships import MembershipResult
from benchmarks.detect.methods.detector import quantile
from benchmarks.detect.onsets import OnsetResult
from benchmarks.detect.pairs import PairsResult
from benchmarks.detect.recovery import RecoveryResult
from benchmarks.detect.unknowns import HiddenResult

ALARM_LEVEL = 0.005  # probability that a detector within its bound is reported to miss it, per boundary stream
HARDLY = 0.001
NEAR = 0.1  # of the threshold, which the statistic reaches ten times as often
MAX_ORACLES, MAX_BOUNDS, MAX_BOUNDS_95 = 1.35, 1.30, 2.5
ONSET_SHARE = 0.15  # of the median delay
COVERAGE = 0.975
SMALL_Q, MAX_RECOVERY_N = 0.1, 3_000
MAX_OF_KNOWN = 1.1


@dataclass(frozen=True)
class Verdict:
    """One acceptance number.

    Attributes:
        claim: The requirement.
        measured: What was measured, in words; the worst of several cases.
        is_reached: Whether it is met in all cases.
    """

    claim: str
    measured: str
    is_reached: bool


@dataclass(frozen=True)
class _Case:
    name: str
    n_beyond: int
    n_runs: int
    figure: float


def judge_on_the_limit(results: Sequence[NullResult], method: str) -> list[Verdict]:
    """Judge the false alarms of a method on the limit, by what its bound allows."""
    verdicts = []
    for result in (result for result in results if result.is_judged_boundary):
        alarms = result.alarms[method]
        bound = result.n_decisions / result.c
        n_near = result.n_runs_near.get(method, alarms.n_runs_with_any)
        verdicts += [
            _at_most_by_chance(f"{result.stream}: alarms", alarms.n_runs_with_any, alarms.n_runs, bound, ALARM_LEVEL),
            _at_most_by_chance(f"{result.stream}: a tenth of c", n_near, alarms.n_runs, bound / NEAR, HARDLY),
        ]
    return verdicts


def judge_fair_streams(results: Sequence[NullResult], method: str) -> Verdict:
    """Judge the false alarms of a method where both groups have equal rates: none is allowed."""
    fair = [(result.stream, result.alarms[method]) for result in results if result.is_fair]
    with_any = {stream: alarms.n_runs_with_any for stream, alarms in fair if alarms.n_runs_with_any}
    n_runs = sum(alarms.n_runs for _, alarms in fair)
    measured = "; ".join(f"{stream}: {n} runs" for stream, n in with_any.items()) or f"none in {n_runs} runs"
    return Verdict(f"{method}: no false alarm on {len(fair)} fair streams", measured, not with_any)


def judge_delays(results: Sequence[ChangeResult], method: str, *, is_quick: bool) -> list[Verdict]:
    """Judge the delays of a method after all judged changes, and its alarms before them."""
    judged = [(result, result.delays[method]) for result in results if result.is_judged]

    def within(claim: str, share: float, factor: float, marks: Sequence[float]) -> Verdict:
        cases = [
            _Case(result.stream, _n_beyond(delay, factor * mark), delay.after.size, delay.quantile(1 - share) / mark)
            for (result, delay), mark in zip(judged, marks, strict=True)
        ]
        return _few_beyond(claim, cases, share, is_quick=is_quick)

    oracles = [result.delays[ORACLE].quantile(0.5) for result, _ in judged]
    bounds = [result.bound for result, _ in judged]
    n_runs = sum(delay.after.size for _, delay in judged)
    return [
        within(f"median delay <= {MAX_ORACLES} x oracle", 0.5, MAX_ORACLES, oracles),
        within(f"median delay <= {MAX_BOUNDS} x bound", 0.5, MAX_BOUNDS, bounds),
        within(f"95 % of delays <= {MAX_BOUNDS_95} x bound", 0.05, MAX_BOUNDS_95, bounds),
        _none("no change is missed", sum(delay.n_missed for _, delay in judged), n_runs),
        _none("no alarm before a change", sum(delay.n_runs_before for _, delay in judged), n_runs),
    ]


def judge_onsets(results: Sequence[ChangeResult], *, is_quick: bool) -> Verdict:
    """Judge the estimated onsets: neither half of them is far too early or far too late."""
    cases = []
    for result in (result for result in results if result.is_judged):
        mark = result.delays[DETECTOR].quantile(0.5)
        errors = result.onset_errors
        for side in (errors, -errors):
            n_beyond = int((side > ONSET_SHARE * mark).sum())
            cases.append(_Case(result.stream, n_beyond, errors.size, quantile(side, 0.5) / mark))
    return _few_beyond(f"median onset error within {ONSET_SHARE} x median delay", cases, 0.5, is_quick=is_quick)


def judge_recoveries(results: Sequence[RecoveryResult], *, is_quick: bool) -> list[Verdict]:
    """Judge recoveries: soon enough for a small group, and never during the violation."""
    cases = [
        _Case(
            result.stream,
            result.n_runs - int((result.after <= MAX_RECOVERY_N).sum()),
            result.n_runs,
            quantile(result.after, 0.5),
        )
        for result in results
        if result.q == SMALL_Q
    ]
    n_false, n_runs = sum(result.n_false for result in results), sum(result.n_runs for result in results)
    return [
        _few_beyond(f"median recovery <= {MAX_RECOVERY_N} decisions, q {SMALL_Q}", cases, 0.5, is_quick=is_quick),
        _none("no false recovery", n_false, n_runs),
    ]


def judge_feeds(results: Sequence[FeedResult]) -> list[Verdict]:
    """Judge false alarms on batches and bursts by their bound, which decisions gathered over periods must miss."""
    verdicts = [
        _at_most_by_chance(f"{result.name}: alarms", result.n_runs_with_any, result.n_runs, result.permitted, HARDLY)
        for result in results
    ]
    n_missed = sum(result.n_added_up > most_by_chance(result.n_runs, result.permitted, HARDLY) for result in results)
    measured = f"{n_missed} of {len(results)} feeds"
    return [
        *verdicts,
        Verdict("decisions gathered over periods would miss the bound on some feed", measured, n_missed > 0),
    ]


def judge_unknowns(results: Sequence[HiddenResult]) -> list[Verdict]:
    """Judge false alarms under hidden groups by their bound, which leaving these decisions out must miss."""
    verdicts = [
        _at_most_by_chance(f"{result.name}: alarms", result.n_worst_case, result.n_runs, result.permitted, HARDLY)
        for result in results
    ]
    n_missed = sum(result.n_excluded > most_by_chance(result.n_runs, result.permitted, HARDLY) for result in results)
    measured = f"{n_missed} of {len(results)} streams"
    return [*verdicts, Verdict("hidden groups left out would miss the bound on some stream", measured, n_missed > 0)]


def judge_intervals(results: Sequence[OnsetResult], *, is_quick: bool) -> list[Verdict]:
    """Judge how often the interval of an onset contains it, and that the estimate is nearer than that of the test."""
    worst = min(results, key=lambda result: result.n_covered / result.errors.size)
    missed = [
        result.stream
        for result in results
        if result.errors.size - result.n_covered
        > (
            most_by_chance(result.errors.size, 1 - COVERAGE, HARDLY)
            if is_quick
            else (1 - COVERAGE) * result.errors.size
        )
    ]
    covered = f"at least {worst.n_covered / worst.errors.size:.3f} ({worst.stream})"
    own = float(np.mean([result.own_errors.mean() for result in results]))
    searched = float(np.mean([result.errors.mean() for result in results]))
    return [
        Verdict(f"99 % interval contains the onset in >= {COVERAGE} of runs", covered, not missed),
        Verdict(
            "mean onset error below that of the test", f"{searched:.1f} instead of {own:.1f} panes", searched < own
        ),
    ]


def judge_pairs(power: Sequence[PairsResult], promises: Sequence[PairsResult], *, is_quick: bool) -> list[Verdict]:
    """Judge the gain of each step over version 0.2, and false alarms of many pairs by their bound."""
    medians = {result.method: quantile(result.delays.ravel(), 0.5) for result in power}
    before = medians["version 0.2"]
    least = (
        {"decisions of the model": 0.05, "per_million": 0.08, "fdr": 0.15}
        if not is_quick
        else dict.fromkeys(medians, 0.0)
    )
    gains = [
        Verdict(
            f"{name}: median delay at least {least[name]:.0%} shorter",
            f"{1 - medians[name] / before:.1%}",
            medians[name] <= (1 - least[name]) * before,
        )
        for name in medians
        if name != "version 0.2"
    ]
    return gains + [
        Verdict(
            f"{result.method}: false alarms per million within the bound",
            f"{result.false_per_million:.2f} of {result.bound:.1f}",
            result.false_per_million <= result.bound,
        )
        for result in promises
    ]


def judge_memberships(
    limits: Sequence[MembershipResult], violations: Sequence[MembershipResult], *, is_quick: bool
) -> list[Verdict]:
    """Judge false alarms of groups with probabilities, and delays where decisions depend on the probabilities alone."""
    verdicts = [
        _at_most_by_chance(f"{result.name}: alarms", result.n_runs_with_any, result.n_runs, result.permitted, HARDLY)
        for result in limits
    ]
    cases = []
    for result in violations:
        if result.known is not None and result.estimated is not None and result.true_ratio == result.ratio:
            mark = MAX_OF_KNOWN * result.known.quantile(0.5)
            share = result.estimated.quantile(0.5) / result.known.quantile(0.5)
            cases.append(_Case(result.name, _n_beyond(result.estimated, mark), result.n_runs, share))
    claim = f"groups by probabilities: median delay <= {MAX_OF_KNOWN} x that of known groups"
    return [*verdicts, _few_beyond(claim, cases, 0.5, is_quick=is_quick)]


def most_by_chance(n_runs: int, share: float, level: float) -> int:
    """Return how many of the runs may exceed a bound if each does so with at most this probability.

    More of them have a probability of at most ``level``.

    >>> most_by_chance(200, 0.01, 0.005), most_by_chance(200, 0.1, 0.001)
    (6, 34)
    """
    return int(binom.isf(level, n_runs, share))


def _at_most_by_chance(claim: str, n: int, n_runs: int, bound: float, level: float) -> Verdict:
    most = most_by_chance(n_runs, bound, level)
    measured = f"{n} of {n_runs} runs; expected at most {bound * n_runs:g}"
    return Verdict(f"{claim} in <= {most} runs", measured, n <= most)


def _few_beyond(claim: str, cases: Sequence[_Case], share: float, *, is_quick: bool) -> Verdict:
    worst = max(cases, key=lambda case: case.figure)
    missed = [
        case.name
        for case in cases
        if case.n_beyond > (most_by_chance(case.n_runs, share, HARDLY) if is_quick else math.floor(share * case.n_runs))
    ]
    measured = f"at most {worst.figure:,.4g} ({worst.name})"
    if missed:
        measured += f"; beyond: {', '.join(missed)}"
    return Verdict(claim, measured, not missed)


def _none(claim: str, n: int, n_runs: int) -> Verdict:
    return Verdict(claim, f"{n} of {n_runs} runs", n == 0)


def _n_beyond(delay: Delay, mark: float) -> int:
    return int((delay.after > mark).sum())
