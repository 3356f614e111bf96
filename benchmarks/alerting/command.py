"""``python -m benchmarks alerting``: real worker, broker and monitoring servers, with two sets of intervals."""

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
from benchmarks.alerting.servers import MonitoringServers, open_servers
from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.environment import environment
from benchmarks.stage.site import open_site
from stream_app.programs.demo.monitoring import DEMO_PACE

STAGES = ("committed", "scraped", "firing", "delivered", "all")
_PACES = {"shipped": None, "demo": DEMO_PACE}
_POLL_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--breaches", type=int, default=10, help="models that drift, one after the other")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds until all of them must be reported")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure with both sets of intervals at once, from the same breaches, and print."""
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
        For each set of intervals the seconds of each stage: p50, max, and all values in the order of the breaches. The
        first text that arrived. The load of the machine.

    Raises:
        TimeoutError: a breach was not reported.
    """
    names = [f"{bench.tag}-m{number}" for number in range(n_breaches)]
    site = open_site(bench, "alerting", policy_of(names), n_partitions=1)
    with ExitStack() as parts:
        parts.enter_context(site.worker())
        all_servers = {
            name: parts.enter_context(open_servers(_folder(bench, name), site.metrics_address, pace))
            for name, pace in _PACES.items()
        }
        reader = parts.enter_context(BreachReader(bench.kafka))
        parts.enter_context(Sender(bench.kafka, site.policy.models, Drift()))
        breaches = _wait(reader, list(all_servers.values()), n_breaches, timeout_s)
        taken = {name: [_stages(servers, breach) for breach in breaches] for name, servers in all_servers.items()}
        text = all_servers["shipped"].sink.text(breaches[0].subject)
    say(text)
    return {name: _figures(stages) for name, stages in taken.items()} | {"text": text, "load": os.getloadavg()}


def _folder(bench: Bench, name: str) -> Path:
    folder = bench.folder / name
    folder.mkdir()
    return folder


def _wait(
    reader: BreachReader, all_servers: list[MonitoringServers], n_breaches: int, timeout_s: float
) -> list[Breach]:
    deadline = time.monotonic() + timeout_s
    n_reported = -1
    while True:
        breaches = reader.breaches()
        reported = [
            breach for breach in breaches if all(servers.sink.delivered_s(breach.subject) for servers in all_servers)
        ]
        if len(reported) > n_reported:
            n_reported = len(reported)
            say(f"  {len(breaches)} of {n_breaches} detected, {n_reported} reported by both")
        if n_reported == n_breaches:
            return reported
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"{len(breaches)} of {n_breaches} breaches detected, {n_reported} reported after {timeout_s:g} s"
            )
        time.sleep(_POLL_S)


def _stages(servers: MonitoringServers, breach: Breach) -> dict[str, float]:
    """Return how long each stage took, and all of them together."""
    moments = [
        breach.pane_end_s,
        breach.committed_s,
        servers.scraped_s(breach.subject),
        servers.firing_s(breach.subject),
        servers.sink.delivered_s(breach.subject) or 0.0,
    ]
    lengths = [end_s - start_s for start_s, end_s in pairwise(moments)]
    return dict(zip(STAGES, [*lengths, moments[-1] - moments[0]], strict=True))


def _figures(taken: list[dict[str, float]]) -> dict[str, Any]:
    return {
        stage: {
            "p50_s": round(median(stages[stage] for stages in taken), 1),
            "max_s": round(max(stages[stage] for stages in taken), 1),
            "each_s": [round(stages[stage], 2) for stages in taken],
        }
        for stage in STAGES
    }
