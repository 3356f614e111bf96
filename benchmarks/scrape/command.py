"""``python -m benchmarks scrape``: one worker with a wide policy in breach; scrapes at rest and in a burst."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from prometheus_client.samples import Sample

from benchmarks.scrape.scraping import Scrape, Scraper, scrape, total
from benchmarks.scrape.wide import policy_of, unfair_decisions
from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.environment import environment
from benchmarks.stage.site import Site, open_site
from benchmarks.stage.stream import append
from producers.timeline import Timeline
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.metrics.series_limit import count_series
from stream_app.settings import Settings

_PARTITIONS = 4
_PER_S, _BURST_PER_S = 200.0, 100_000.0  # events per second of event time
_SCRAPE_EVERY_S = 0.5
_POLL_S = 0.25
_TIMEOUT_S = 600.0
_RESTING_PERCENT = 20.0  # of a core
_BREACH = 3  # of fairstream_alert_level


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--history", type=int, default=60_000, help="events that bring every rule into breach")
    parser.add_argument("--burst", type=int, default=1_000_000, help="events in the topic at the start of the burst")
    parser.add_argument("--scrapes", type=int, default=50, help="scrapes of the worker at rest")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    with open_bench(arguments.kafka) as bench:
        figures = measure(bench, arguments.history, arguments.burst, arguments.scrapes)
    figures["environment"] = environment()
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0


def measure(bench: Bench, n_history: int, n_burst: int, n_scrapes: int) -> dict[str, Any]:
    """Bring a worker into breach, scrape it at rest, then while it processes a full topic.

    Returns:
        Series, the limit of the policy and that of the worker; bytes; milliseconds of the scrapes at rest and in the
        burst, at rest also CPU time of the worker per scrape; speed of the worker in the burst; load of the machine.
    """
    name = f"{bench.tag}-wide"
    site = open_site(bench, "scrape", policy_of(name), n_partitions=_PARTITIONS)
    [model] = site.policy.models
    burst_ms = int((time.time() - n_burst / _BURST_PER_S) * 1000)
    history_ms = burst_ms - int(n_history / _PER_S * 1000)
    say(f"sending {n_history:,} events that violate every limit")
    history = unfair_decisions(1, Timeline(history_ms, 1 / _PER_S))
    append(bench.kafka, model.topic, _PARTITIONS, islice(history, n_history))
    with site.worker() as worker:
        wait_for(site, lambda samples: n_decisions(samples) >= n_history and is_all_in_breach(samples))
        wait_for(site, lambda samples: is_at_rest(worker, samples))
        cpu_s = _cpu_s(worker)
        rest = [scrape(site.metrics_address) for _ in range(n_scrapes)]
        cpu_s = (_cpu_s(worker) - cpu_s) / n_scrapes
    say(f"  {_n_fairness(rest[-1]):,} series about fairness; filling the topic with {n_burst:,} more events")
    burst = unfair_decisions(2, Timeline(burst_ms, 1 / _BURST_PER_S))
    append(bench.kafka, model.topic, _PARTITIONS, islice(burst, n_burst))
    began_at_s = time.monotonic()
    with site.worker():
        ready_at_s = time.monotonic()
        with Scraper(site.metrics_address, _SCRAPE_EVERY_S) as scraper:
            wait_for(site, lambda samples: n_decisions(samples) >= n_burst)
            seconds = time.monotonic() - ready_at_s
    return {
        "fairness_series": _n_fairness(rest[-1]),
        "declared_series": count_series(site.policy),
        "max_series": Settings().max_series,
        "all_series": len(rest[-1].samples()),
        "bytes": len(rest[-1].body),
        "at_rest": _times(rest) | {"cpu_ms": round(cpu_s * 1000, 1)},
        "in_burst": _times(scraper.taken()) | {"n": len(scraper.taken())},
        "burst_events_per_s": round(n_burst / seconds),
        "start_s": round(ready_at_s - began_at_s, 1),
        "load": os.getloadavg(),
    }


def wait_for(site: Site, condition: Callable[[list[Sample]], bool]) -> None:
    """Scrape until a condition is true.

    Raises:
        TimeoutError: it was not true in time.
    """
    deadline = time.monotonic() + _TIMEOUT_S
    while not condition(scrape(site.metrics_address).samples()):
        if time.monotonic() > deadline:
            raise TimeoutError("The worker did not get that far\n" + (site.folder / "worker.log").read_text()[-2000:])
        time.sleep(_POLL_S)


def n_decisions(samples: list[Sample]) -> int:
    """Return how many decisions were counted and committed."""
    return int(total(samples, "fairstream_decisions_total"))


def is_all_in_breach(samples: list[Sample]) -> bool:
    """Return whether every attribute and intersection violates every limit."""
    worst: dict[tuple[str, str], float] = {}
    for sample in samples:
        if sample.name == "fairstream_alert_level":
            key = sample.labels["attribute"], sample.labels["kind"]
            worst[key] = max(worst.get(key, 0.0), sample.value)
    return bool(worst) and min(worst.values()) == _BREACH


def is_at_rest(worker: BoundProcess, samples: list[Sample]) -> bool:
    """Return whether the worker has no backlog and is idle."""
    if total(samples, "fairstream_consumer_lag_messages"):
        return False
    percent: float = psutil.Process(worker.pid).cpu_percent(interval=1.0)
    return percent < _RESTING_PERCENT


def fairness_samples(samples: list[Sample]) -> list[Sample]:
    """Return the series that the limit applies to: those with an attribute."""
    return [sample for sample in samples if "attribute" in sample.labels]


def _n_fairness(answer: Scrape) -> int:
    return len(fairness_samples(answer.samples()))


def _cpu_s(worker: BoundProcess) -> float:
    times = psutil.Process(worker.pid).cpu_times()
    return float(times.user + times.system)


def _times(answers: list[Scrape]) -> dict[str, float]:
    """Return percentiles of the response times in milliseconds."""
    ms = np.array([answer.seconds for answer in answers]) * 1000
    p50, p95, most = np.percentile(ms, [50, 95, 100]).round(1).tolist()
    return {"p50_ms": p50, "p95_ms": p95, "max_ms": most}
