"""Prints the figures as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmarks.detect.clusters import DIVIDED, RATIOS, ClusterResult
from benchmarks.detect.delays import DETECTOR, ORACLE, ChangeResult, Delay
from benchmarks.detect.false_alarms import GAP_DETECTOR, RATIO_DETECTOR, Alarms, NullResult
from benchmarks.detect.faults import FaultResult
from benchmarks.detect.feeds import FeedResult
from benchmarks.detect.judgment import Verdict
from benchmarks.detect.memberships import MembershipResult
from benchmarks.detect.methods.detector import quantile
from benchmarks.detect.methods.rivals import RIVER, RULES
from benchmarks.detect.onsets import OnsetResult
from benchmarks.detect.pairs import PairsResult
from benchmarks.detect.patience import PatienceResult
from benchmarks.detect.recovery import RecoveryResult
from benchmarks.detect.unknowns import HiddenResult, MissingResult

_SOON_N = 20_000
_BY_RUNS = (RATIO_DETECTOR, GAP_DETECTOR, "z .8 Bonferroni", *RIVER)


def print_false_alarms(results: Sequence[NullResult]) -> None:
    """Print false alarms by stream and method: runs with any, or alarms per million decisions."""
    detectors = (RATIO_DETECTOR, GAP_DETECTOR)
    rivals = (*RULES, *RIVER)
    rows = [
        [
            result.stream,
            *(_alarms(result.alarms[name], name) for name in detectors),
            f"{result.n_runs_near[RATIO_DETECTOR]} of {result.alarms[RATIO_DETECTOR].n_runs}",
            *(_alarms(result.alarms[name], name) for name in rivals),
        ]
        for result in results
    ]
    title = (
        f"False alarms in {results[0].n_decisions:,} decisions, c = {results[0].c:g}: "
        'runs with any ("of"), or alarms per million decisions'
    )
    _print(title, ["stream", *detectors, "DIR .8 near: c/10", *rivals], rows)


def print_delays(results: Sequence[ChangeResult]) -> None:
    """Print delays of the detector compared with the oracle and the bound, and its estimated onsets."""
    rows = []
    for result in results:
        detector, oracle = result.delays[DETECTOR], result.delays[ORACLE]
        middle = detector.quantile(0.5)
        early, usual, late = (quantile(result.onset_errors, share) for share in (0.05, 0.5, 0.95))
        rows.append(
            [
                result.stream,
                f"{result.bound:,.0f}",
                _delay(oracle),
                _delay(detector),
                f"{middle / oracle.quantile(0.5):.2f}",
                f"{middle / result.bound:.2f}",
                f"{detector.quantile(0.95) / result.bound:.2f}",
                f"{usual:+,.0f} ({early:+,.0f}, {late:+,.0f})",
            ]
        )
    headings = ["change", "bound", ORACLE, DETECTOR, "/ oracle", "/ bound", "95 % / bound", "onset error (5, 95 %)"]
    _print(f"Decisions from change to alarm, median / 95 %, {results[0].n_runs} runs", headings, rows)


def print_rival_delays(results: Sequence[ChangeResult]) -> None:
    """Print delays of the other methods, with the runs that alarmed before the change or never after it."""
    rivals = (*RULES, *RIVER)
    rows = [[result.stream, *(_delay(result.delays[name]) for name in rivals)] for result in results]
    n_river_runs = results[0].delays[next(iter(RIVER))].after.size
    title = f"The same for the other methods, {results[0].n_runs} runs, river {n_river_runs}"
    _print(title, ["change", *rivals], rows)


def print_recoveries(results: Sequence[RecoveryResult]) -> None:
    """Print the delays of recoveries."""
    rows = [
        [result.stream, _delay(Delay(result.after, 0)), f"{result.n_false} of {result.n_runs}", str(result.n_in_breach)]
        for result in results
    ]
    headings = ["violation of 60,000 decisions", "recovery after, median / 95 %", "false recoveries", "runs in breach"]
    _print("Decisions from the end of a violation to the recovery", headings, rows)


def print_patience(results: Sequence[PatienceResult]) -> None:
    """Print the number of decisions until a violation is detected."""
    shares = sorted({result.violation.q for result in results}, reverse=True)
    by_cell = {(result.violation.p_b, result.violation.p_a, result.violation.q): result for result in results}
    rows = []
    for p_b, p_a in dict.fromkeys((result.violation.p_b, result.violation.p_a) for result in results):
        row = [by_cell.get((p_b, p_a, q)) for q in shares]
        cells = [_delay(result.delay) if result else "" for result in row]
        rows.append([f"{p_b:.2f}", f"{p_a / p_b:.2f}", *cells])
    headings = ["rate of the reference", "DIR", *(f"disadvantaged group {q:.0%}" for q in shares)]
    _print(f"Decisions until the four-fifths breach, median / 95%, {results[0].n_runs} runs", headings, rows)


def print_faults(results: Sequence[FaultResult]) -> None:
    """Print alarms under faults."""
    rows = [
        [
            result.name,
            f"{result.design_effect:.3g}",
            f"{result.n_runs_with_any} of {result.n_runs}",
            f"{result.permitted:.1%}",
        ]
        for result in results
    ]
    _print(
        "On the limit, if decisions are duplicated or correlated", ["fault", "design_effect", "alarms", "bound"], rows
    )


def print_clusters(results: Sequence[ClusterResult]) -> None:
    """Print alarms and delays of decisions in clusters."""
    rows = [
        [
            result.clustering.name,
            result.method if result.method != DIVIDED else f"{DIVIDED} = {result.clustering.design_effect:.3g}",
            f"{result.n_runs_with_any} of {result.n_runs}",
            f"{result.permitted:.1%}",
            *(f"{quantile(delays, 0.5):,.0f} / {quantile(delays, 0.95):,.0f}" for delays in result.delays.values()),
            "" if result.design_effect is None else f"{result.design_effect:.2f}",
        ]
        for result in results
    ]
    headings = ["decisions", "tested with", "alarms", "bound", *(f"DIR {ratio}" for ratio in RATIOS), "measured effect"]
    _print("Decisions in clusters: on the limit, and delays after a violation", headings, rows)


def print_feeds(results: Sequence[FeedResult]) -> None:
    """Print alarms on batches and bursts."""
    rows = [
        [
            result.name,
            f"{result.n_decisions:,.0f}",
            f"{result.n_runs_with_any} of {result.n_runs}",
            f"{result.permitted:.2%}",
            f"{result.n_added_up} of {result.n_runs}",
        ]
        for result in results
    ]
    headings = ["feed", "decisions", "runs with an alarm", "bound", "if gathered until 5 of each"]
    _print("Feeds in which mix and base rate move together between periods", headings, rows)


def print_hidden(results: Sequence[HiddenResult]) -> None:
    """Print alarms where groups are hidden."""
    rows = [
        [
            result.name,
            f"{result.known_ratio:.2f}",
            f"{result.n_excluded} of {result.n_runs}",
            f"{result.n_worst_case} of {result.n_runs}",
            f"{result.permitted:.1%}",
        ]
        for result in results
    ]
    headings = ["stream", "known ratio", "excluded: runs with an alarm", "worst_case", "bound"]
    _print("On the limit, if somebody hides groups after the outcomes", headings, rows)


def print_missing(results: Sequence[MissingResult]) -> None:
    """Print delays where groups are missing by chance."""
    rows = [[result.name, _delay(result.excluded), _delay(result.worst_case)] for result in results]
    title = f"Delays where groups are missing by chance, {results[0].n_runs} runs"
    _print(title, ["violation from the start", "excluded, median / 95 %", "worst_case"], rows)


def print_onsets(results: Sequence[OnsetResult]) -> None:
    """Print errors of the estimated onset in panes, and how often its interval contains the change."""
    rows = [
        [
            result.stream,
            f"{result.own_errors.mean():.1f}",
            f"{result.errors.mean():.1f}",
            f"{quantile(result.errors, 0.5):.0f} / {quantile(result.errors, 0.95):.0f}",
            f"{quantile(result.widths, 0.5):.0f}",
            f"{result.n_covered / result.errors.size:.3f} of {result.errors.size}",
        ]
        for result in results
    ]
    headings = ["change", "mean error of the test", "mean error", "median / 95 %", "width", "coverage of 99 %"]
    _print("Estimated onset, in panes of 100 decisions", headings, rows)


def print_pairs(power: Sequence[PairsResult], promises: Sequence[PairsResult]) -> None:
    """Print delays and false alarms of a model with many pairs."""
    rows = [
        [
            result.method,
            _delay(Delay(result.delays.ravel(), 0)),
            f"{np.mean(result.delays <= _SOON_N):.0%}",
            f"{promise.false_per_million:.2f}",
            f"{promise.bound:.1f}",
        ]
        for result, promise in zip(power, promises, strict=True)
    ]
    headings = ["procedure", "delay, median / 95 %", f"found in {_SOON_N:,}", "false per million", "bound"]
    _print(f"67 groups and intersections, {power[0].n_runs} runs", headings, rows)


def print_memberships(limits: Sequence[MembershipResult], violations: Sequence[MembershipResult]) -> None:
    """Print false alarms and delays of groups that are known by probabilities."""
    rows = []
    for result in (*limits, *violations):
        ratios = (result.true_ratio, result.ratio, result.assigned_ratio)
        delays = (_delay(delay) if delay is not None else "" for delay in (result.known, result.estimated))
        false = f"{result.n_runs_with_any} of {result.n_runs} ({result.permitted:.1%})"
        rows.append([result.name, *(f"{ratio:.2f}" for ratio in ratios), *delays, false])
    headings = ["decisions depend on", "true ratio", "weighted", "most probable", "known groups", "by probabilities"]
    title = "Groups by probabilities: ratios, delays in decisions, median / 95 %, and runs with a false alarm (bound)"
    _print(title, [*headings, "false alarms"], rows)


def print_verdicts(title: str, verdicts: Sequence[Verdict]) -> None:
    """Print the acceptance numbers."""
    rows = [
        [verdict.claim, verdict.measured, "reached" if verdict.is_reached else "NOT REACHED"] for verdict in verdicts
    ]
    _print(title, ["requirement", "measured", "verdict"], rows)


def _alarms(alarms: Alarms, method: str) -> str:
    if method in _BY_RUNS:
        return f"{alarms.n_runs_with_any} of {alarms.n_runs}"
    return f"{alarms.per_million:,.1f}"


def _delay(delay: Delay) -> str:
    text = f"{_decisions(delay.quantile(0.5))} / {_decisions(delay.quantile(0.95))}"
    notes = [f"{delay.n_missed} never"] * bool(delay.n_missed) + [f"{delay.n_runs_before} before"] * bool(
        delay.n_runs_before
    )
    return f"{text} ({', '.join(notes)})" if notes else text


def _decisions(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "-"


def _print(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    print(f"\n{title}\n")
    for cells in (headings, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |")
