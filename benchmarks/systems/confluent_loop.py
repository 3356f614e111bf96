"""A plain loop over confluent-kafka, librdkafka's Python client: batches in, batches out, a commit per second."""

from __future__ import annotations

import time

from confluent_kafka import Consumer, Message, Producer

from benchmarks.systems.kernel import Job
from benchmarks.systems.task import Marks, Task

_BATCH = 5000


def main() -> None:
    """Read the input to its end."""
    task = Task.from_argv()
    marks, job = Marks(task.marks_path), Job(task)
    consumer = Consumer(
        {
            "bootstrap.servers": task.kafka,
            "group.id": task.run,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": task.kafka,
            "enable.idempotence": True,
            "linger.ms": 5,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    consumer.subscribe([task.topic])
    n_left, commit_at = task.n_events, time.monotonic() + 1.0
    last: dict[int, Message] = {}
    while n_left:
        messages = consumer.consume(_BATCH, timeout=0.1)
        if messages:
            marks.first()
        by_partition: dict[int, list[bytes]] = {}
        for message in messages:
            partition, value = message.partition(), message.value()
            assert partition is not None
            assert value is not None
            by_partition.setdefault(partition, []).append(value)
            last[partition] = message
        for partition, values in by_partition.items():
            outputs = [{"key": key, "value": value} for key, value in job.process(values)]
            producer.produce_batch(task.output_topic, outputs, partition=partition)
        producer.poll(0)
        n_left -= len(messages)
        if time.monotonic() >= commit_at or not n_left:
            producer.flush()
            for message in last.values():
                consumer.store_offsets(message)
            consumer.commit(asynchronous=False)
            last.clear()
            commit_at = time.monotonic() + 1.0
    marks.done(job.counts())
    consumer.close()


if __name__ == "__main__":
    main()
