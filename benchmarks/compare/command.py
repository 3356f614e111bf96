"""The comparison: every system on the same broker with the same input, in turn, several times; ratios by round.

Two cores are shared with the broker and other processes, so wall-clock time means little. The measure is CPU time per
event of the system's own process, and the ratio of two systems within one round.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import secure
from benchmarks.compare.catalog import BY_DEFAULT, SYSTEMS, WITH_PEERS, Size, System, system_of
from benchmarks.compare.checks import changelog_cells, faults_of, partial_cells, reported_cells
from benchmarks.compare.commitment import Commitment, commit, read_values, shares, verdict
from benchmarks.compare.launch import command_of
from benchmarks.compare.report import Measurement, print_table, summary_of
from benchmarks.kafka_streams.build import UnavailableError
from benchmarks.shares import measure_shares
from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.broker import create_topic, delete_topics
from benchmarks.stage.process import Phase, Run, SystemFailedError, run_system
from benchmarks.stage.stream import Input
from benchmarks.systems.task import Cell, Task

_START_S = 60.0
_MOST_OF_SHARES = 50_000  # events, in one process
_SLOWEST_EVENTS_PER_S: dict[Size, float] = {"full": 4000.0, "medium": 1000.0, "small": 100.0}  # slower is stuck


@dataclass(frozen=True)
class Plan:
    """The plan of a comparison.

    Attributes:
        systems: In the order of a round.
        n_events: Events in the inputs, by size.
        n_partitions: Partitions of the input.
        n_rounds: Number of runs of each system.
    """

    systems: tuple[System, ...]
    n_events: dict[Size, int]
    n_partitions: int
    n_rounds: int


def compare(bench: Bench, plan: Plan) -> tuple[list[Measurement], list[Commitment], dict[str, str]]:
    """Run every system in every round.

    Returns:
        The measurements, those of the commitments, and the reason for each system that could not be run.
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
    commitments: list[Commitment] = []
    values = read_values(bench.kafka, bench.inputs["full"][0]) if "full" in bench.inputs else []
    for number in range(1, plan.n_rounds + 1):
        for system in runnable:
            measured += _measure(bench, system, commands[system.name], number)
            say(f"round {number}/{plan.n_rounds} " + "; ".join(m.line() for m in measured if m.is_of(system, number)))
        if values:
            commitments.append(commit(values, number))
    return measured, commitments, missing


def _measure(bench: Bench, system: System, argv: list[str], number: int) -> list[Measurement]:
    names = [f"{system.name}{suffix}" for suffix in system.passes]
    for n_left in reversed(range(system.tries)):
        try:
            return _measure_once(bench, system, argv, number, f"r{number}-{n_left}" if n_left else f"r{number}")
        except (SystemFailedError, TimeoutError) as error:
            if not n_left:
                return [Measurement.failed(system, name, number, str(error)) for name in names]
            say(f"round {number}: {system.name} {error}; restarting")
    raise AssertionError(f"{system.name} has no tries")


def _measure_once(bench: Bench, system: System, argv: list[str], number: int, label: str) -> list[Measurement]:
    source, reference = bench.inputs[system.size]
    if system.counts == "partials":
        task = bench.fairstream_task(source, label)
    else:
        task = bench.peer_task(system.name, source, label, system.passes)
        for table in system.tables:
            compacted = {"cleanup.policy": "compact"}
            create_topic(bench.kafka, f"{task.run}-{table}-changelog", source.n_partitions, compacted)
    try:
        run = run_system(
            argv,
            task,
            bench.folder,
            n_phases=len(system.passes),
            timeout_s=_START_S + source.n_events * len(system.passes) / _SLOWEST_EVENTS_PER_S[system.size],
            broker_pid=bench.broker_pid,
        )
        expected = reference.by_attribute() if system.is_by_attribute else reference
        faults = [
            faults_of(task, f"{task.output_topic}{suffix}", _cells_of(bench, system, task, phase), expected)
            for suffix, phase in zip(system.passes, run.phases, strict=True)
        ]
    finally:
        delete_topics(bench.kafka, task.run)
    return [
        _measurement(system, f"{system.name}{suffix}", number, source, phase, run, wrong)
        for suffix, phase, wrong in zip(system.passes, run.phases, faults, strict=True)
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


def _cells_of(bench: Bench, system: System, task: Task, phase: Phase) -> dict[Cell, int]:
    if system.counts == "partials":
        return partial_cells(bench.kafka, task)
    if system.counts == "changelog":
        return changelog_cells(bench.kafka, phase.done["changelog"], task.n_partitions)
    return reported_cells(phase.done["cells"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of the comparison."""
    parser.add_argument("--all", action="store_true", help="also Quix Streams, Bytewax and Kafka Streams")
    parser.add_argument("--systems", help="comma-separated names: " + ", ".join(system.name for system in SYSTEMS))
    parser.add_argument("--events", type=int, default=300_000, help="events of the fast systems (default 300,000)")
    parser.add_argument("--medium-events", type=int, default=60_000, help="events of Quix and Bytewax")
    parser.add_argument("--small-events", type=int, default=6_000, help="events of the two Faust agents")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--secure", action="store_true", help="instead: FairStream with TLS and SCRAM, and without")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Compare, print and write; return 1 if a result was wrong, a system failed, or what is secured costs too much."""
    if arguments.secure:
        return secure.main(arguments)
    names = arguments.systems.split(",") if arguments.systems else WITH_PEERS if arguments.all else BY_DEFAULT
    plan = Plan(
        tuple(system_of(name) for name in names),
        {"full": arguments.events, "medium": arguments.medium_events, "small": arguments.small_events},
        arguments.partitions,
        arguments.rounds,
    )
    with open_bench(arguments.kafka) as bench:
        measured, commitments, missing = compare(bench, plan)
    print_table(measured, missing)
    print(verdict(commitments, measured))
    parts = measure_shares(min(arguments.events, _MOST_OF_SHARES), arguments.rounds)
    worker = [m.cpu_s / m.n_events * 1e6 for m in measured if m.name == "fairstream" and not m.faults]
    print("\n".join(parts.lines(worker)))
    if arguments.json:
        figures = summary_of(measured, missing) | {
            "commitment_shares": shares(commitments, measured),
            "cpu_us_per_event_of_parts": asdict(parts),
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 1 if any(measurement.faults for measurement in measured) else 0
