"""Latency of an event: from its time to its durable output, and to the durable result of its window.

Events are sent at a steady rate and contain their time, so an event that was sent late counts with its delay. Readers
read committed records only. Windows are as short as a pane, one second, to have many of them; a window can close only
after the allowed out-of-orderness of the policy, which is part of its latency.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from confluent_kafka import OFFSET_END, Consumer, Message, Producer, TopicPartition

from benchmarks.scale.worker import run_worker
from benchmarks.stage.bench import Bench, say
from benchmarks.stage.broker import create_topic
from benchmarks.stage.process import Mark
from benchmarks.stage.stream import Input
from producers.pacing import pace
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.pipeline.records.results import decode_result
from stream_app.policy import WindowPolicy
from stream_app.topics import FAIRNESS_RESULTS

_PARTITIONS = 4
_WARM_UP_S = 5.0  # the first seconds contain the start of all parts
_N_LANES = 2 * _PARTITIONS  # of ingest and judge


class _Output(msgspec.Struct):
    ts: str


def measure(bench: Bench, rate: int, seconds: float) -> dict[str, Any]:
    """Send ``rate`` events per second for some time and measure when outputs and results can be read.

    Returns:
        p50 and p99 in seconds: event to durable output; end of a window to its durable result, with the number of
        windows; and the out-of-orderness that the latter includes.
    """
    topic = f"{bench.tag}-in-rate{rate}"
    create_topic(bench.kafka, topic, _PARTITIONS, {"message.timestamp.type": "LogAppendTime"})
    source = Input(topic, _PARTITIONS, int(rate * seconds))
    run_name = bench.run_name("fairstream", f"rate{rate}")
    job = bench.model_of(source, run_name)
    times = msgspec.structs.replace(job.event_time, pane_s=1)
    model = msgspec.structs.replace(job, event_time=times, windows=(WindowPolicy(name="1s", size_s=1),))
    task = bench.fairstream_task(source, f"rate{rate}", model, roles=["ingest", "judge"])
    outputs: list[tuple[float, bytes]] = []
    results: list[tuple[float, bytes]] = []
    stopping = threading.Event()
    readers = [
        _Reader(bench.kafka, task.output_topic, outputs, stopping),
        _Reader(bench.kafka, FAIRNESS_RESULTS, results, stopping),
    ]
    sender = threading.Thread(target=_send, args=(bench.kafka, source, rate))

    def start_sending(_rss_mb: float, marks: Sequence[Mark]) -> None:
        if not sender.ident and sum(mark["mark"] == "loaded" for mark in marks) >= _N_LANES:
            say(f"  sending {rate:,} events per second for {seconds:g} s")
            sender.start()

    for reader in readers:
        reader.start()
    try:
        run = run_worker(bench, task, on_poll=start_sending)
    finally:
        stopping.set()
        for reader in readers:
            reader.join()
    sender.join()
    begun_at_s = next(mark["at_s"] for mark in run.marks if mark["mark"] == "first")
    return _figures(outputs, results, model.name, begun_at_s + _WARM_UP_S) | {
        "rate": rate,
        "out_of_orderness_s": times.out_of_orderness_s,
        "n_outputs": len(outputs),
        "worker_cpu_share": run.phases[0].cpu_s / run.phases[0].wall_s,
    }


class _Reader(threading.Thread):
    """Notes when each committed record of a topic could be read."""

    def __init__(self, kafka: str, topic: str, into: list[tuple[float, bytes]], stopping: threading.Event) -> None:
        super().__init__()
        self._kafka, self._topic, self._into, self._stopping = kafka, topic, into, stopping

    def run(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._kafka,
                "group.id": "bench-latency",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
            }
        )
        partitions = consumer.list_topics(self._topic, timeout=10).topics[self._topic].partitions
        consumer.assign([TopicPartition(self._topic, number, OFFSET_END) for number in partitions])
        note: Callable[[tuple[float, bytes]], None] = self._into.append
        while not self._stopping.is_set():
            messages: list[Message] = consumer.consume(5000, timeout=0.01)
            read_at_s = time.time()
            for message in messages:
                if message.error() is None and (value := message.value()) is not None:
                    note((read_at_s, value))
        consumer.close()


def _send(kafka: str, source: Input, rate: int) -> None:
    producer = Producer({"bootstrap.servers": kafka, "enable.idempotence": True, "linger.ms": 5, "log_level": 3})
    events = simulate_loans(7, Timeline(int(time.time() * 1000), 1 / rate), parse_drift("0.5"))
    n_sent = 0
    for run in pace(events, rate, now=time.monotonic, wait=time.sleep):
        for event in run[: source.n_events - n_sent]:
            producer.produce(source.topic, event.value, event.key, n_sent % source.n_partitions)
            n_sent += 1
        producer.poll(0)
        if n_sent >= source.n_events:
            break
    producer.flush()


def _figures(
    outputs: list[tuple[float, bytes]], results: list[tuple[float, bytes]], model: str, since_s: float
) -> dict[str, Any]:
    decode = msgspec.json.Decoder(_Output).decode
    read_at = np.array([at_s for at_s, _ in outputs])
    happened = np.array([decode(value).ts.removesuffix("Z") for _, value in outputs], "datetime64[ms]").astype(np.int64)
    durable = (read_at - happened / 1000)[happened / 1000 >= since_s]
    closed: dict[int, float] = {}
    for at_s, value in results:
        result = decode_result(value)
        if result.model == model and result.window == "1s" and not result.revision and result.end_s >= since_s:
            closed.setdefault(result.end_s, at_s - result.end_s)
    windows = np.array(list(closed.values()))
    return {
        "durable_p50_s": float(np.percentile(durable, 50)),
        "durable_p99_s": float(np.percentile(durable, 99)),
        "closed_p50_s": float(np.percentile(windows, 50)),
        "closed_p99_s": float(np.percentile(windows, 99)),
        "n_windows": len(windows),
    }
