"""``python -m benchmarks compare --secure``: ingest over TLS and SCRAM, paired with ingest over plaintext.

One broker has a listener for each. The worker over TLS is a user with exactly the rights of its role, so the broker
also looks up what it may do. Both count the same input and are checked against the same reference.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from benchmarks.compare.checks import faults_of, partial_cells
from benchmarks.stage.bench import Bench, say
from benchmarks.stage.broker import delete_topics
from benchmarks.stage.environment import environment
from benchmarks.stage.process import SystemFailedError, run_system
from benchmarks.systems.task import Task
from stream_app.access import rights_of
from stream_app.policy import Policy
from tests.support.servers.secured.kafka import SecuredKafka, open_secured_kafka
from tests.support.servers.secured.users import connection_of, grant, password_of, wait_until_accepted

MAX_RATIO = 1.35  # CPU time per event over that of plaintext
_USER = "bench-worker"
_TIMEOUT_S = 1800.0
_UNUSED = ("all", "systems", "kafka")  # flags of the comparison that mean nothing here


@dataclass(frozen=True)
class Pair:
    """CPU time per event of two runs, one after the other, in microseconds.

    Attributes:
        plaintext: Of the worker without TLS.
        secured: Of the worker with TLS and SCRAM.
    """

    plaintext: float
    secured: float

    @property
    def ratio(self) -> float:
        """The second over the first."""
        return self.secured / self.plaintext


def main(arguments: argparse.Namespace) -> int:
    """Measure and print; return 1 if TLS and SCRAM cost too much, 2 for flags that do not fit."""
    if unused := [name for name in _UNUSED if getattr(arguments, name)]:
        say(f"--secure starts its own broker and compares FairStream with itself: leave --{unused[0]} out.")
        return 2
    with tempfile.TemporaryDirectory(prefix="fairstream-bench-") as name:
        folder = Path(name)
        say("starting a local Kafka with TLS, SCRAM and an authorizer")
        with open_secured_kafka(folder) as kafka:
            bench = Bench(kafka.operator, folder, kafka.node.pid)
            pairs = measure(bench, kafka, arguments.events, arguments.partitions, arguments.rounds)
    figures = figures_of(pairs) | {"n_events": arguments.events, "environment": environment()}
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    print(verdict(pairs))
    return 0 if median(pair.ratio for pair in pairs) <= MAX_RATIO else 1


def measure(bench: Bench, kafka: SecuredKafka, n_events: int, n_partitions: int, rounds: int) -> list[Pair]:
    """Run both workers in each round; which of them is first alternates.

    Raises:
        SystemFailedError: a run failed, or its counts or outputs are wrong.
    """
    bench.prepare("full", n_events, n_partitions)
    kafka.set_password(_USER, password_of(_USER))
    wait_until_accepted(connection_of(kafka, _USER))
    pairs = []
    for number in range(1, rounds + 1):
        cpu_us: dict[bool, float] = {}
        for is_secured in (True, False) if number % 2 else (False, True):
            cpu_us[is_secured] = _ingest(bench, kafka, number, is_secured=is_secured)
        pairs.append(Pair(cpu_us[False], cpu_us[True]))
        say(f"round {number}/{rounds}: {pairs[-1].plaintext:.2f} and {pairs[-1].secured:.2f} us of CPU per event")
    return pairs


def figures_of(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return all figures, for a file."""
    return {
        "cpu_us_per_event": {
            "plaintext": [round(pair.plaintext, 3) for pair in pairs],
            "TLS and SCRAM": [round(pair.secured, 3) for pair in pairs],
        },
        "ratios": [round(pair.ratio, 3) for pair in pairs],
        "goal": MAX_RATIO,
    }


def verdict(pairs: Sequence[Pair]) -> str:
    """Return one line.

    >>> print(verdict([Pair(10.0, 11.0), Pair(10.0, 14.0), Pair(10.0, 12.0)]))
    OK: TLS and SCRAM take 1.20 times the CPU of plaintext per event (3 rounds, 1.10 to 1.40; goal: at most 1.35)
    """
    ratios = sorted(pair.ratio for pair in pairs)
    word = "OK" if median(ratios) <= MAX_RATIO else "TOO SLOW"
    spread = f"{len(ratios)} rounds, {ratios[0]:.2f} to {ratios[-1]:.2f}; goal: at most {MAX_RATIO:g}"
    return f"{word}: TLS and SCRAM take {median(ratios):.2f} times the CPU of plaintext per event ({spread})"


def _ingest(bench: Bench, kafka: SecuredKafka, number: int, *, is_secured: bool) -> float:
    """Return the CPU time of one run per event, in microseconds."""
    source, reference = bench.inputs["full"]
    plain = bench.fairstream_task(source, f"{'secured' if is_secured else 'plaintext'}-{number}")
    task = _secured(plain, kafka) if is_secured else plain
    argv = [sys.executable, "-m", "benchmarks.systems.fairstream"]
    try:
        done = run_system(argv, task, bench.folder, timeout_s=_TIMEOUT_S, broker_pid=bench.broker_pid)
        if faults := faults_of(plain, plain.output_topic, partial_cells(bench.kafka, plain), reference):
            raise SystemFailedError(f"{task.run}: {'; '.join(faults)}")
    finally:
        delete_topics(bench.kafka, task.run)
    return done.phases[0].cpu_s / source.n_events * 1e6


def _secured(task: Task, kafka: SecuredKafka) -> Task:
    """Return the same task for the secured listener, after granting what it needs."""
    grant(kafka, f"User:{_USER}", rights_of("worker", msgspec.convert(task.policy, Policy), task.run))
    connection = connection_of(kafka, _USER)
    security = msgspec.structs.asdict(connection.security)
    return replace(task, kafka=connection.servers, options=task.options | {"security": security})
