"""``python -m benchmarks alerting``: real worker, broker, Prometheus, Alertmanager and sink, with two sets of times."""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.alerting.breaches import Breach, BreachReader
from benchmarks.alerting.drifts import Drift, Sender, policy_of
from benchmarks.alerting.watch import Watch, open_watch
from benchmarks.bench import Bench, open_bench, say
from benchmarks.report import environment
from benchmarks.site import open_site
from stream_app.programs.demo.monitoring import DEMO_PACE

STAGES = ("committed", "scraped", "firing", "delivered", "all")
_PACES = {"shipped": None, "demo": DEMO_PACE}
_POLL_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--breaches", type=int, default=10, help="models that drift, one after the other")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds until all of them must be told")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure with both sets of times at once, from the same breaches, and print."""
    with open_bench(arguments.kafka) as bench:
        figures = measure(bench, arguments.breaches, arguments.timeout)
    figures["environment"] = environment()
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0


def measure(bench: Bench, n_breaches: int, timeout_s: float) -> dict[str, Any]:
    """Let models drift one after the other and follow each breach to the sinks.

    Returns:
        For each set of times the seconds of each stage: p50, max, and all values in the order of the breaches. The
        first text that arrived. The load of the machine.

    Raises:
        TimeoutError: a breach was not told.
    """
    names = [f"{bench.tag}-m{number}" for number in range(n_breaches)]
    site = open_site(bench, "alerting", policy_of(names), n_partitions=1)
    with ExitStack() as parts:
        parts.enter_context(site.worker())
        watches = {
            name: parts.enter_context(open_watch(_folder(bench, name), site.metrics_address, pace))
            for name, pace in _PACES.items()
        }
        reader = parts.enter_context(BreachReader(bench.kafka))
        parts.enter_context(Sender(bench.kafka, site.policy.models, Drift()))
        breaches = _wait(reader, list(watches.values()), n_breaches, timeout_s)
        taken = {name: [_stages(watch, breach) for breach in breaches] for name, watch in watches.items()}
        text = watches["shipped"].sink.text(breaches[0].subject)
    say(text)
    return {name: _figures(own) for name, own in taken.items()} | {"text": text, "load": os.getloadavg()}


def _folder(bench: Bench, name: str) -> Path:
    folder = bench.folder / name
    folder.mkdir()
    return folder


def _wait(reader: BreachReader, watches: list[Watch], n_breaches: int, timeout_s: float) -> list[Breach]:
    deadline = time.monotonic() + timeout_s
    n_told = -1
    while True:
        found = reader.found()
        told = [breach for breach in found if all(watch.sink.delivered_s(breach.subject) for watch in watches)]
        if len(told) > n_told:
            n_told = len(told)
            say(f"  {len(found)} of {n_breaches} found, {n_told} told by both")
        if n_told == n_breaches:
            return told
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(found)} of {n_breaches} breaches found, {n_told} told after {timeout_s:g} s")
        time.sleep(_POLL_S)


def _stages(watch: Watch, breach: Breach) -> dict[str, float]:
    """Return how long each stage took, and all of them together."""
    moments = [
        breach.pane_end_s,
        breach.committed_s,
        watch.scraped_s(breach.subject),
        watch.firing_s(breach.subject),
        watch.sink.delivered_s(breach.subject) or 0.0,
    ]
    lengths = [end_s - start_s for start_s, end_s in pairwise(moments)]
    return dict(zip(STAGES, [*lengths, moments[-1] - moments[0]], strict=True))


def _figures(taken: list[dict[str, float]]) -> dict[str, Any]:
    return {
        stage: {
            "p50_s": round(median(one[stage] for one in taken), 1),
            "max_s": round(max(one[stage] for one in taken), 1),
            "each_s": [round(one[stage], 2) for one in taken],
        }
        for stage in STAGES
    }
