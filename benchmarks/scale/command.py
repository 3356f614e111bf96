"""``python -m benchmarks scale``: one question after the other; each answer is written as soon as it is known."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.scale import latency, memory, partitions, recovery
from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.environment import environment

QUESTIONS = ("partitions", "memory", "recovery", "latency")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--only", default=",".join(QUESTIONS), help="comma-separated: " + ", ".join(QUESTIONS))
    parser.add_argument("--events", type=int, default=200_000, help="events for each number of partitions")
    parser.add_argument("--rounds", type=int, default=2, help="rounds over the numbers of partitions")
    parser.add_argument("--long-events", type=int, default=5_000_000, help="events of the run that measures memory")
    parser.add_argument("--long-partitions", default="4,16", help="comma-separated partitions of that run")
    parser.add_argument("--panes", type=int, default=100_000, help="open panes in the state that is recovered")
    parser.add_argument("--rates", default="1000,10000", help="comma-separated events per second")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long events are sent at each rate")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Answer the questions, each on a new broker unless one is given."""
    answers: dict[str, Callable[[Bench], Any]] = {
        "partitions": lambda bench: partitions.measure(bench, arguments.events, arguments.rounds),
        "memory": lambda bench: [
            memory.measure(bench, arguments.long_events, int(count)) for count in arguments.long_partitions.split(",")
        ],
        "recovery": lambda bench: recovery.measure(bench, arguments.panes),
        "latency": lambda bench: [
            latency.measure(bench, int(rate), arguments.seconds) for rate in arguments.rates.split(",")
        ],
    }
    figures: dict[str, Any] = {"environment": environment()}
    for question in arguments.only.split(","):
        with open_bench(arguments.kafka) as bench:
            say(question)
            figures[question] = answers[question](bench)
        print(json.dumps({question: figures[question]}), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0
