"""``python -m benchmarks detect``: draw every stream, let every method watch, judge; 1 when a number is not reached."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from benchmarks.bench import say
from benchmarks.detect import tables
from benchmarks.detect.broken import FAULTS, under
from benchmarks.detect.clearing import ENDED, clearing
from benchmarks.detect.delays import DETECTOR, JUDGED_CHANGES, SHOWN_CHANGES, delays_after, name_of
from benchmarks.detect.false_alarms import GAP_DETECTOR, RATIO_DETECTOR, false_alarms
from benchmarks.detect.figures import Figures, as_json
from benchmarks.detect.judgment import (
    judge_clearing,
    judge_delays,
    judge_fair_streams,
    judge_on_the_limit,
    judge_onsets,
)
from benchmarks.detect.patience import cells_of, patience
from benchmarks.detect.size import FULL, QUICK, Size
from benchmarks.detect.streams import NULLS

Subject = TypeVar("Subject")
Result = TypeVar("Result")

_DUMMY = "always"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--quick", action="store_true", help="fewer, shorter runs and wider bounds: under a minute")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print and write; 1 when the detectors miss an acceptance number, or the dummy misses none."""
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
    """Draw and watch all streams of this size, and judge."""
    nulls = _each("null stream", NULLS, lambda stream: stream.name, lambda stream: false_alarms(stream, size))
    changes = _each("change", (*JUDGED_CHANGES, *SHOWN_CHANGES), name_of, lambda change: delays_after(change, size))
    cleared = _each("recovery", ENDED, str, lambda ended: clearing(*ended, size))
    faults = _each("fault", FAULTS, lambda fault: fault.name, lambda fault: under(fault, size))
    waits = _each("patience", cells_of(size), name_of, lambda violation: patience(violation, size))
    return Figures(
        nulls=nulls,
        changes=changes,
        cleared=cleared,
        waits=waits,
        faults=faults,
        verdicts=[
            *judge_on_the_limit(nulls, RATIO_DETECTOR),
            *(judge_fair_streams(nulls, detector) for detector in (RATIO_DETECTOR, GAP_DETECTOR)),
            *judge_delays(changes, DETECTOR, is_quick=size.is_quick),
            judge_onsets(changes, is_quick=size.is_quick),
            *judge_clearing(cleared, is_quick=size.is_quick),
        ],
        dummy=[
            *judge_on_the_limit(nulls, _DUMMY),
            judge_fair_streams(nulls, _DUMMY),
            *judge_delays(changes, _DUMMY, is_quick=size.is_quick),
        ],
    )


def _each(
    what: str,
    subjects: Iterable[Subject],
    name_of_one: Callable[[Subject], str],
    measure_one: Callable[[Subject], Result],
) -> list[Result]:
    results = []
    subjects = list(subjects)
    for number, subject in enumerate(subjects, 1):
        say(f"{what} {number}/{len(subjects)}: {name_of_one(subject)}")
        results.append(measure_one(subject))
    return results


def _print(figures: Figures) -> None:
    tables.print_false_alarms(figures.nulls)
    tables.print_delays(figures.changes)
    tables.print_rival_delays(figures.changes)
    tables.print_clearing(figures.cleared)
    tables.print_patience(figures.waits)
    tables.print_faults(figures.faults)
    tables.print_verdicts("Acceptance numbers of the detectors", figures.verdicts)
    tables.print_verdicts("The same for the dummy that always fires; it must miss some", figures.dummy)
