"""``python -m benchmarks detect``: apply every method to every stream; 1 if an acceptance number is not reached."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from benchmarks.detect import tables
from benchmarks.detect.clusters import SUBJECTS, judge_clusters, measure_clusters
from benchmarks.detect.delays import DETECTOR, JUDGED_CHANGES, SHOWN_CHANGES, delays_after, name_of
from benchmarks.detect.false_alarms import GAP_DETECTOR, RATIO_DETECTOR, false_alarms
from benchmarks.detect.faults import FAULTS, measure_fault
from benchmarks.detect.feeds import FEEDS, measure_feed
from benchmarks.detect.figures import Figures, as_json
from benchmarks.detect.judgment import (
    judge_delays,
    judge_fair_streams,
    judge_feeds,
    judge_intervals,
    judge_memberships,
    judge_on_the_limit,
    judge_onsets,
    judge_pairs,
    judge_recoveries,
    judge_unknowns,
)
from benchmarks.detect.memberships import ON_THE_LIMIT, VIOLATIONS, measure_limit, measure_violation
from benchmarks.detect.onsets import ONSET_CHANGES, measure_onsets
from benchmarks.detect.pairs import METHODS, measure_power, measure_promise
from benchmarks.detect.patience import cells_of, patience
from benchmarks.detect.recovery import ENDED, measure_recovery
from benchmarks.detect.size import FULL, QUICK, Size
from benchmarks.detect.statements import judge_statements
from benchmarks.detect.streams import NULLS
from benchmarks.detect.unknowns import HIDDEN_SHARES, MISSING_SHARES, measure_hidden, measure_missing
from benchmarks.stage.bench import say

Subject = TypeVar("Subject")
Result = TypeVar("Result")

_DUMMY = "always"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--quick", action="store_true", help="fewer, shorter runs and wider bounds: about a minute")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print and write; return 1 if the detectors miss an acceptance number, or the dummy misses none."""
    started_s = time.monotonic()
    figures = measure(QUICK if arguments.quick else FULL)
    wall_s = time.monotonic() - started_s
    _print(figures)
    say(f"measured in {wall_s:,.0f} s")
    if arguments.json:
        text = json.dumps(as_json(figures, is_quick=arguments.quick, wall_s=wall_s), indent=2, allow_nan=False)
        arguments.json.write_text(text + "\n", "utf-8")
    is_dummy_caught = not all(verdict.is_reached for verdict in figures.dummy)
    return 0 if is_dummy_caught and all(verdict.is_reached for verdict in figures.verdicts) else 1


def measure(size: Size) -> Figures:
    """Measure all streams of this size, and judge."""
    nulls = _measure_all("null stream", NULLS, lambda stream: stream.name, lambda stream: false_alarms(stream, size))
    changes = _measure_all(
        "change", (*JUDGED_CHANGES, *SHOWN_CHANGES), name_of, lambda change: delays_after(change, size)
    )
    recoveries = _measure_all("recovery", ENDED, str, lambda ended: measure_recovery(*ended, size))
    faults = _measure_all("fault", FAULTS, lambda fault: fault.name, lambda fault: measure_fault(fault, size))
    clusters = _measure_all(
        "clusters", SUBJECTS, lambda one: f"{one[0].name}, {one[1]}", lambda one: measure_clusters(*one, size)
    )
    feeds = _measure_all("feed", FEEDS, lambda feed: feed.name, lambda feed: measure_feed(feed, size))
    hidden = _measure_all("hidden groups", HIDDEN_SHARES, str, lambda shares: measure_hidden(*shares, size))
    missing = _measure_all("missing groups", MISSING_SHARES, str, lambda shares: measure_missing(*shares, size))
    onsets = _measure_all("onset", ONSET_CHANGES, name_of, lambda change: measure_onsets(change, size))
    power = _measure_all("power", METHODS, lambda method: method.name, lambda method: measure_power(method, size))
    promises = _measure_all(
        "promise", METHODS, lambda method: method.name, lambda method: measure_promise(method, size)
    )
    limits = _measure_all("membership", ON_THE_LIMIT, lambda one: one.name, lambda one: measure_limit(one, size))
    violations = _measure_all("membership", VIOLATIONS, lambda one: one.name, lambda one: measure_violation(one, size))
    waits = _measure_all("patience", cells_of(size), name_of, lambda violation: patience(violation, size))
    return Figures(
        nulls=nulls,
        changes=changes,
        recoveries=recoveries,
        waits=waits,
        faults=faults,
        clusters=clusters,
        feeds=feeds,
        hidden=hidden,
        missing=missing,
        onsets=onsets,
        power=power,
        promises=promises,
        limits=limits,
        violations=violations,
        verdicts=[
            *judge_on_the_limit(nulls, RATIO_DETECTOR),
            *(judge_fair_streams(nulls, detector) for detector in (RATIO_DETECTOR, GAP_DETECTOR)),
            *judge_delays(changes, DETECTOR, is_quick=size.is_quick),
            judge_onsets(changes, is_quick=size.is_quick),
            *judge_recoveries(recoveries, is_quick=size.is_quick),
            *judge_statements(10 * size.n_delay_runs),
            *judge_feeds(feeds),
            *judge_unknowns(hidden),
            *judge_clusters(clusters),
            *judge_intervals(onsets, is_quick=size.is_quick),
            *judge_pairs(power, promises, is_quick=size.is_quick),
            *judge_memberships(limits, violations, is_quick=size.is_quick),
        ],
        dummy=[
            *judge_on_the_limit(nulls, _DUMMY),
            judge_fair_streams(nulls, _DUMMY),
            *judge_delays(changes, _DUMMY, is_quick=size.is_quick),
        ],
    )


def _measure_all(
    label: str,
    subjects: Iterable[Subject],
    name_of_one: Callable[[Subject], str],
    measure_one: Callable[[Subject], Result],
) -> list[Result]:
    results = []
    subjects = list(subjects)
    for number, subject in enumerate(subjects, 1):
        say(f"{label} {number}/{len(subjects)}: {name_of_one(subject)}")
        results.append(measure_one(subject))
    return results


def _print(figures: Figures) -> None:
    tables.print_false_alarms(figures.nulls)
    tables.print_delays(figures.changes)
    tables.print_rival_delays(figures.changes)
    tables.print_recoveries(figures.recoveries)
    tables.print_patience(figures.waits)
    tables.print_faults(figures.faults)
    tables.print_clusters(figures.clusters)
    tables.print_feeds(figures.feeds)
    tables.print_hidden(figures.hidden)
    tables.print_missing(figures.missing)
    tables.print_onsets(figures.onsets)
    tables.print_pairs(figures.power, figures.promises)
    tables.print_memberships(figures.limits, figures.violations)
    tables.print_verdicts("Acceptance numbers of the detectors", figures.verdicts)
    tables.print_verdicts("The same for a dummy that always fires; it must miss some", figures.dummy)
