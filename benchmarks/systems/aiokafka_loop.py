"""A plain loop over aiokafka: batches in, built batches out, a commit per second."""

from __future__ import annotations

import asyncio
import time

import aiokafka

from benchmarks.systems.kernel import Job
from benchmarks.systems.task import Marks, Task

_BATCH = 4000


async def run(task: Task) -> None:
    """Read the input to its end."""
    marks, job = Marks(task.marks_path), Job(task)
    consumer = aiokafka.AIOKafkaConsumer(
        task.topic,
        bootstrap_servers=task.kafka,
        group_id=task.run,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=task.kafka, enable_idempotence=True, acks="all", max_batch_size=1_000_000
    )
    await consumer.start()
    await producer.start()
    n_left, commit_at = task.n_events, time.monotonic() + 1.0
    pending: list[asyncio.Future[object]] = []
    while n_left:
        runs = await consumer.getmany(timeout_ms=500, max_records=_BATCH)
        if runs:
            marks.first()
        for tp, records in runs.items():
            builder = producer.create_batch()
            for key, value in job.process(record.value for record in records):
                if builder.append(key=key, value=value, timestamp=None) is None:
                    pending.append(await producer.send_batch(builder, task.output_topic, partition=tp.partition))
                    builder = producer.create_batch()
                    builder.append(key=key, value=value, timestamp=None)
            pending.append(await producer.send_batch(builder, task.output_topic, partition=tp.partition))
            n_left -= len(records)
        if time.monotonic() >= commit_at or not n_left:
            await asyncio.gather(*pending)
            pending.clear()
            await consumer.commit()
            commit_at = time.monotonic() + 1.0
    marks.done(job.counts())
    await producer.stop()
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(run(Task.from_argv()))
