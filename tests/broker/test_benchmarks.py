"""The benchmark on a real broker with tiny numbers: every system is right, and what is not right is found out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer

from benchmarks.compare.catalog import BY_DEFAULT
from benchmarks.compare.checks import faults_of
from benchmarks.stage.bench import Bench
from benchmarks.stage.broker import read_topic
from benchmarks.systems.kernel import Job
from benchmarks.systems.task import Task


@pytest.mark.timeout(900)  # six systems, of which three are stock Faust: seconds to begin, and maybe once more
def test_all_systems_of_make_bench_give_the_counts_and_outputs_of_an_independent_count(
    kafka: str, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    tiny = ["--events", "4000", "--small-events", "400", "--rounds", "1"]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "compare", "--kafka", kafka, *tiny, "--json", str(figures)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(figures.read_text("utf-8"))
    assert set(report["events_per_cpu_s"]) == set(report["peak_rss_mb"]) == set(BY_DEFAULT)
    assert set(report["ratios"]) == set(BY_DEFAULT) - {"fairstream"}


@pytest.fixture
def outputs(kafka: str, tmp_path: Path) -> tuple[Bench, Task, list[tuple[bytes, bytes]], Job]:
    """Return a stage with 400 events, the task of a peer, and what a right peer publishes and counts."""
    bench = Bench(kafka, tmp_path, None)
    bench.prepare("full", 400, 2)
    source, _ = bench.inputs["full"]
    task = bench.peer_task("loop", source, "r1")
    job = Job(task)
    return bench, task, job.process(read_topic(kafka, source.topic, 2)), job


def publish(task: Task, records: list[tuple[bytes, bytes]]) -> None:
    producer = Producer({"bootstrap.servers": task.kafka, "log_level": 3})
    for key, value in records:
        producer.produce(task.output_topic, value, key)
    producer.flush()


def test_right_counts_and_outputs_have_no_fault(
    outputs: tuple[Bench, Task, list[tuple[bytes, bytes]], Job],
) -> None:
    bench, task, records, job = outputs
    publish(task, records)

    assert faults_of(task, task.output_topic, job.counts(), bench.inputs["full"][1]) == []


def test_a_lost_output_and_a_missing_count_are_detected(
    outputs: tuple[Bench, Task, list[tuple[bytes, bytes]], Job],
) -> None:
    bench, task, records, job = outputs
    publish(task, records[1:])
    counts = job.counts()
    counts[next(iter(counts))] -= 1

    faults = faults_of(task, task.output_topic, counts, bench.inputs["full"][1])

    assert len(faults) == 2
    assert faults[0].startswith("wrong counts: 399 events")
    assert faults[1] == "399 outputs, 399 distinct, of 400 events"


def test_a_duplicate_output_and_a_raw_identifier_are_detected(
    outputs: tuple[Bench, Task, list[tuple[bytes, bytes]], Job], kafka: str
) -> None:
    bench, task, records, job = outputs
    raw = next(read_topic(kafka, task.topic, 2))
    publish(task, [*records[:-1], records[0], (b"k", raw)])

    faults = faults_of(task, task.output_topic, job.counts(), bench.inputs["full"][1])

    assert faults == ["1 outputs with a raw identifier", "401 outputs, 400 distinct, of 400 events"]


def test_a_wrong_pseudonym_is_detected(outputs: tuple[Bench, Task, list[tuple[bytes, bytes]], Job], kafka: str) -> None:
    bench, task, _, job = outputs
    swapped = replace(task, keys=task.keys | {"applicant": task.keys["application"]})
    publish(task, Job(swapped).process(read_topic(kafka, task.topic, 2)))

    faults = faults_of(task, task.output_topic, job.counts(), bench.inputs["full"][1])

    assert faults == ["outputs with unexpected pseudonyms or decisions"]
