"""The comparison: every system on the same broker with the same input, in turn, several times; ratios by round.

Two cores are shared with the broker and whatever else runs, so wall time says little. What counts is CPU time per
event of the system's own process, and the ratio of two systems within one round.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.broker import create_topic, delete_topics
from benchmarks.catalogue import PYTHON_ONLY, SYSTEMS, Size, System, system_of
from benchmarks.checks import changelog_cells, faults_of, partial_cells, told_cells
from benchmarks.launch import UnavailableError, command_of
from benchmarks.process import Phase, Run, SystemFailedError, run_system
from benchmarks.report import Measurement, print_table, summary_of
from benchmarks.stream import Input, Reference, cells_digest, count_reference, fill, simulated
from benchmarks.systems.task import Cell, Task
from stream_app.core.privacy.pseudonym import derive_key
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.local import LocalKafka
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.topics import FAIRNESS_PARTIALS, declared_topics

POLICY_PATH = Path(__file__).with_name("policy.toml")
KID = "benchkey"
_SEED = 20_240
_START_S = 60.0
_SLOWEST_EVENTS_PER_S: dict[Size, float] = {"full": 4000.0, "medium": 1000.0, "small": 100.0}  # slower is stuck


@dataclass(frozen=True)
class Plan:
    """What is compared.

    Attributes:
        systems: In the order of a round.
        n_events: Events in the inputs, by size.
        n_partitions: Partitions of the input.
        n_rounds: How often every system runs.
    """

    systems: tuple[System, ...]
    n_events: dict[Size, int]
    n_partitions: int
    n_rounds: int


@dataclass
class Bench:
    """A broker with its inputs, and the keys of this run of the benchmark.

    Attributes:
        kafka: Bootstrap servers.
        folder: Where files of the runs go.
        broker_pid: The broker's process; None when it was named from outside.
        tag: Distinguishes this benchmark's topics on a broker that others use too.
    """

    kafka: str
    folder: Path
    broker_pid: int | None
    tag: str = field(default_factory=lambda: f"bench-{secrets.token_hex(4)}")
    root: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    inputs: dict[str, tuple[Input, Reference]] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, bytes]:
        """HMAC keys by purpose."""
        return {
            "root": self.root,
            "application": derive_key(self.root, "application"),
            "applicant": derive_key(self.root, "applicant"),
        }

    def prepare(self, name: str, n_events: int, n_partitions: int) -> None:
        """Fill one input topic and count its reference."""
        say(f"filling {name}: {n_events:,} events, {n_partitions} partitions")
        events = simulated(_SEED, n_events, time.time())
        source = fill(self.kafka, f"{self.tag}-in-{name}", n_partitions, events)
        keys = self.keys
        reference = count_reference(self.kafka, source, keys["application"], keys["applicant"], KID)
        if sum(reference.cells.values()) != n_events:
            raise SystemFailedError(f"the input holds {sum(reference.cells.values())} events, not {n_events}")
        say(f"  {len(reference.cells):,} cells, digest {cells_digest(reference.cells)}")
        self.inputs[name] = source, reference

    def task(self, system: str, source: Input, label: str, **options: Any) -> tuple[Task, ModelPolicy]:
        """Make the topics of one run, and say what it does."""
        run = f"{self.tag}-{system}-{label}"
        [model] = load_policy(str(POLICY_PATH)).models
        model = msgspec.structs.replace(model, name=run[:40], topic=source.topic, output_topic=f"{run}-out")
        if "event_time" in options:
            model = msgspec.structs.replace(
                model, event_time=msgspec.convert(options["event_time"], type(model.event_time))
            )
        policy = Policy(schema=1, models=(model,))
        if system == "fairstream":
            specs = declared_topics(policy, run, existing={source.topic: source.n_partitions})
            create_topics(self.kafka, [spec for spec in specs if spec.role != "raw"])
        else:
            create_topic(self.kafka, f"{run}-out", source.n_partitions)
        task = Task(
            kafka=self.kafka,
            run=run,
            topic=source.topic,
            output_topic=f"{run}-out",
            n_partitions=source.n_partitions,
            n_events=source.n_events,
            kid=KID,
            keys={name: key.hex() for name, key in self.keys.items()},
            marks_path=str(self.folder / f"{run}.marks"),
            policy=msgspec.to_builtins(policy),
            options=options,
        )
        return task, model


@contextmanager
def open_bench(kafka: str | None, folder: Path | None = None) -> Iterator[Bench]:
    """Start a broker, or take the one that is named, and remove what the benchmark made at the end."""
    with tempfile.TemporaryDirectory(prefix="fairstream-bench-", dir=folder) as temporary:
        path = Path(temporary)
        if kafka:
            bench = Bench(kafka, path, None)
            try:
                yield bench
            finally:
                delete_topics(kafka, bench.tag)
        else:
            say("starting a local Kafka")
            with LocalKafka(path / "kafka", heap_mb=512, note=say) as broker:
                yield Bench(broker.bootstrap, path, broker.pid)


def compare(bench: Bench, plan: Plan) -> tuple[list[Measurement], dict[str, str]]:
    """Run every system in every round.

    Returns:
        What was measured, and the reason for each system that could not be run.
    """
    commands: dict[str, list[str]] = {}
    missing: dict[str, str] = {}
    for system in plan.systems:
        try:
            commands[system.name] = command_of(system, bench.folder, say)
        except UnavailableError as error:
            missing[system.name] = str(error)
            say(f"{system.name}: not available: {error}")
    runnable = [system for system in plan.systems if system.name in commands]
    for size in dict.fromkeys(system.size for system in runnable):
        bench.prepare(size, plan.n_events[size], plan.n_partitions)
    measured: list[Measurement] = []
    for number in range(1, plan.n_rounds + 1):
        for system in runnable:
            measured += _measure(bench, system, commands[system.name], number)
            say(f"round {number}/{plan.n_rounds} " + "; ".join(m.line() for m in measured if m.is_of(system, number)))
    return measured, missing


def _measure(bench: Bench, system: System, argv: list[str], number: int) -> list[Measurement]:
    source, reference = bench.inputs[system.size]
    task, model = bench.task(system.name, source, f"r{number}")
    names = [system.name] if system.name != "kafka-streams" else ["kafka-streams-cold", "kafka-streams"]
    try:
        run = run_system(
            argv,
            task,
            bench.folder,
            n_phases=len(names),
            timeout_s=_START_S + source.n_events * len(names) / _SLOWEST_EVENTS_PER_S[system.size],
            broker_pid=bench.broker_pid,
        )
        faults = faults_of(task, _cells_of(bench, system, task, model, run), reference)
    except (SystemFailedError, TimeoutError) as error:
        return [Measurement.failed(system, name, number, str(error)) for name in names]
    finally:
        delete_topics(bench.kafka, task.run)
    return [
        _measurement(system, name, number, source, phase, run, faults)
        for name, phase in zip(names, run.phases, strict=True)
    ]


def _measurement(
    system: System, name: str, number: int, source: Input, phase: Phase, run: Run, faults: list[str]
) -> Measurement:
    return Measurement(
        name=name,
        system=system,
        round=number,
        n_events=source.n_events,
        cpu_s=phase.cpu_s,
        wall_s=phase.wall_s,
        peak_rss_mb=run.peak_rss_mb,
        broker_cpu_s=phase.broker_cpu_s,
        faults=tuple(faults),
    )


def _cells_of(bench: Bench, system: System, task: Task, model: ModelPolicy, run: Run) -> dict[Cell, int]:
    if system.counts == "partials":
        policy = Policy(schema=1, models=(model,))
        n_partials = next(s.partitions for s in declared_topics(policy, task.run) if s.name == FAIRNESS_PARTIALS)
        return partial_cells(bench.kafka, model, n_partials)
    done = run.phases[-1].done
    if system.counts == "changelog":
        return changelog_cells(bench.kafka, done["changelog"], task.n_partitions)
    return told_cells(done["cells"])


def say(text: str) -> None:
    """Show progress: on stderr, so that stdout holds the result only."""
    print(text, file=sys.stderr, flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of the comparison."""
    parser.add_argument("--all", action="store_true", help="also Quix Streams, Bytewax and Kafka Streams")
    parser.add_argument("--systems", help="names by commas: " + ", ".join(system.name for system in SYSTEMS))
    parser.add_argument("--events", type=int, default=300_000, help="events of the fast systems (default 300,000)")
    parser.add_argument("--medium-events", type=int, default=60_000, help="events of Quix and Bytewax")
    parser.add_argument("--small-events", type=int, default=6_000, help="events of the two Faust agents")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Compare, print and write; 1 when a result was wrong or a system failed."""
    names = arguments.systems.split(",") if arguments.systems else None
    systems = [system for system in SYSTEMS if arguments.all or system.name in PYTHON_ONLY]
    if names:
        systems = [system_of(name) for name in names]
    plan = Plan(
        tuple(systems),
        {"full": arguments.events, "medium": arguments.medium_events, "small": arguments.small_events},
        arguments.partitions,
        arguments.rounds,
    )
    with open_bench(arguments.kafka) as bench:
        measured, missing = compare(bench, plan)
    print_table(measured, missing)
    if arguments.json:
        arguments.json.write_text(json.dumps(summary_of(measured, missing), indent=2) + "\n", "utf-8")
    return 1 if any(measurement.faults for measurement in measured) else 0
