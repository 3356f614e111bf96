"""``python -m benchmarks replay``: replay compared with live ingest, json and pandas; ten scenarios; memory."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.environment import environment
from benchmarks.stage.process import Run, SystemFailedError, run_system
from benchmarks.systems.task import Task

_MODES = ("published", "raw", "scenarios", "count", "pandas")
_TIMEOUT_S = 1800.0
GOALS = {
    "published replay / live ingest, events per CPU-second": 1.0,
    "published replay / json and pandas, events per CPU-second": 3.0,
}
MAX_SCENARIOS, MAX_RSS_MB = 2.0, 500.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--events", type=int, default=300_000, help="events of the timed runs")
    parser.add_argument(
        "--long-events", type=int, default=5_000_000, help="events of the run that measures memory; 0 skips it"
    )
    parser.add_argument("--rounds", type=int, default=3, help="number of timed runs; the median counts")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print, and return 1 if a goal was missed."""
    with open_bench(arguments.kafka) as bench:
        figures = measure(bench, arguments.events, arguments.rounds)
        if arguments.long_events:
            figures["memory"] = measure_memory(bench, arguments.long_events)
    figures["environment"] = environment()
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0 if all(goal["is_met"] for goal in figures["goals"]) else 1


def measure(bench: Bench, n_events: int, rounds: int) -> dict[str, Any]:
    """Time live ingest and every way to replay what it published."""
    source = bench.fill("replay", n_events, 4)
    live = bench.fairstream_task(source, "live")
    ingested = _run(bench, live, "fairstream")
    cpu_s: dict[str, list[float]] = {"live": [ingested.phases[0].cpu_s]}
    for number in range(rounds):
        for mode in _MODES:
            run = _replay(bench, live, mode, f"{mode}-{number}", n_events)
            cpu_s.setdefault(mode, []).append(run.phases[0].cpu_s)
            say(f"  {mode}: {n_events / run.phases[0].cpu_s:,.0f} events per CPU-second, {run.peak_rss_mb:.0f} MiB")
    rates = {mode: n_events / statistics.median(times) for mode, times in cpu_s.items()}
    scenarios = rates["published"] / rates["scenarios"]
    goals = [
        {"goal": name, "ratio": rates["published"] / rates[peer], "is_met": rates["published"] / rates[peer] >= least}
        for (name, least), peer in zip(GOALS.items(), ("live", "pandas"), strict=True)
    ]
    goals.append(
        {"goal": "ten scenarios / one pass, CPU time", "ratio": scenarios, "is_met": scenarios < MAX_SCENARIOS}
    )
    return {"n_events": n_events, "events_per_cpu_s": rates, "goals": goals}


def measure_memory(bench: Bench, n_events: int) -> dict[str, Any]:
    """Measure the memory of a replay of raw records over a long input, which remembers ids."""
    source = bench.fill("replay-long", n_events, 4)
    task = bench.fairstream_task(source, "long")
    run = _replay(bench, task, "raw", "long-raw", n_events)
    if run.peak_rss_mb > MAX_RSS_MB:
        raise SystemFailedError(f"{run.peak_rss_mb:.0f} MiB over {n_events:,} events")
    return {
        "n_events": n_events,
        "peak_rss_mb": run.peak_rss_mb,
        "events_per_cpu_s": n_events / run.phases[0].cpu_s,
        "wall_s": run.phases[0].wall_s,
    }


def _replay(bench: Bench, live: Task, mode: str, label: str, n_events: int) -> Run:
    run = bench.run_name("replay", label)
    task = Task(
        kafka=live.kafka,
        run=run,
        topic=live.topic,
        output_topic=live.output_topic,
        n_partitions=live.n_partitions,
        n_events=n_events,
        kid=live.kid,
        keys=live.keys,
        marks_path=str(bench.folder / f"{run}.marks"),
        policy=msgspec.to_builtins(live.policy),
        options={"mode": mode},
    )
    done = _run(bench, task, "replay")
    [counted] = [mark["n"] for mark in done.marks if mark["mark"] == "counted"]
    if counted != n_events:
        raise SystemFailedError(f"{mode} counted {counted} of {n_events} events")
    return done


def _run(bench: Bench, task: Task, module: str) -> Run:
    argv = [sys.executable, "-m", f"benchmarks.systems.{module}"]
    return run_system(argv, task, bench.folder, timeout_s=_TIMEOUT_S, broker_pid=bench.broker_pid)
