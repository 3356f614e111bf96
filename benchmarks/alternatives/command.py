"""``python -m benchmarks alternatives``: what the search finds in simulated lenders, and how long it takes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.alternatives.speed import columns_of, time_loop, time_search
from benchmarks.alternatives.validity import FALSE_DISCOVERY_RATE, WITHOUT, count_false, count_found
from benchmarks.stage.bench import say
from benchmarks.stage.environment import environment

MAX_SEARCH_S = 600.0
MIN_FOUND = 0.95


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--events", type=int, default=5_000_000, help="events of the timed search; 0 skips it")
    parser.add_argument("--lenders", type=int, default=100, help="lenders with a better alternative")
    parser.add_argument("--null-lenders", type=int, default=1000, help="lenders without one, half of either kind")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print, and return 1 if a goal was missed."""
    figures: dict[str, Any] = {"environment": environment()}
    if arguments.events:
        figures["speed"] = measure_speed(arguments.events)
    if arguments.lenders:
        n_found = count_found(range(arguments.lenders))
        say(f"  found in {n_found} of {arguments.lenders} lenders")
        figures["found"] = {"n": n_found, "of": arguments.lenders, "is_met": n_found >= MIN_FOUND * arguments.lenders}
    for kind in WITHOUT:
        n = arguments.null_lenders // len(WITHOUT)
        n_false = count_false(kind, range(n))
        say(f"  false in {n_false} of {n} lenders ({kind})")
        figures[f"false, {kind}"] = {"n": n_false, "of": n, "is_met": n_false <= FALSE_DISCOVERY_RATE * n}
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0 if all(part.get("is_met", True) for part in figures.values()) else 1


def measure_speed(n_events: int) -> dict[str, Any]:
    """Time a search of all alternatives, and the loop that counts the same ones one by one."""
    columns = columns_of(n_events)
    search, loop = time_search(columns), time_loop(columns)
    approved = search.pop("approved")
    for number, n_approved in loop.pop("approved").items():
        if approved[number] not in (None, n_approved):  # None: withheld
            raise RuntimeError(f"alternative {number}: {approved[number]} and {n_approved} approved")
    search_s = search["outcomes_s"] + search["counting_s"] + search["comparing_s"]
    say(f"  {n_events:,} events x {search['n_alternatives']:,}: {search_s:.0f} s of CPU, loop {loop['loop_s']:.0f} s")
    ratio = loop["loop_s"] / search_s
    return search | loop | {"search_s": search_s, "ratio": ratio, "is_met": search_s <= MAX_SEARCH_S}
