"""FairStream's worker with all its parts, as ``fairstream worker --roles ingest`` runs it, and marks of time.

Metrics endpoint, health and log are on. Nothing of the worker is changed or left out: the observer, which is notified
of every run and every commit anyway, also reads the process's CPU time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from prometheus_client import CollectorRegistry

from benchmarks.systems.task import Marks, Task
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.host.logs import start_logging
from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.lane_contract import LaneConfig
from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.server import MetricsServer
from stream_app.policy import Policy
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.programs.worker.lane_builder import roles_by_topic
from stream_app.programs.worker.observer import MetricsObserver
from stream_app.programs.worker.run import run_worker
from stream_app.settings import Settings


class MarkingObserver(MetricsObserver):
    """The worker's own observer; it also marks the loaded lanes, the first run and the commit of the last event.

    Args:
        metrics: As in the worker.
        health: As in the worker.
        roles: As in the worker.
        task: The task, with the number of events.
        stopping: Set once all of them are committed.
    """

    def __init__(
        self, metrics: Metrics, health: Health, roles: Mapping[str, str], task: Task, stopping: asyncio.Event
    ) -> None:
        super().__init__(metrics, health, roles)
        self._marks = Marks(task.marks_path)
        self._n_events = task.n_events
        self._note_every = int(task.options.get("note_every", 0))
        self._note_at = self._note_every
        self._source = task.topic
        self._stopping = stopping
        self._committed: dict[int, int] = {}

    def lane_loaded(self, lane: Lane) -> None:
        """Mark a lane that has its state."""
        super().lane_loaded(lane)
        self._marks.note("loaded", topic=lane.config.topic, next_offset=lane.next_offset)

    def lane_stepped(self, lane: Lane, *, n_records: int, newest_ms: int, seconds: float) -> None:
        """Mark the first run, from before it was processed."""
        self._marks.first(cpu_s=time.process_time() - seconds)
        super().lane_stepped(lane, n_records=n_records, newest_ms=newest_ms, seconds=seconds)

    def lane_committed(self, lane: Lane, *, seconds: float) -> None:
        """Mark the end once the commits cover the input."""
        super().lane_committed(lane, seconds=seconds)
        if lane.config.topic != self._source:
            return
        self._committed[lane.config.partition] = lane.next_offset
        n_committed = sum(self._committed.values())
        if self._note_every and n_committed >= self._note_at:
            self._marks.note("progress", n_committed=n_committed)
            self._note_at += self._note_every
        if n_committed >= self._n_events and not self._stopping.is_set():
            self._marks.done()
            self._stopping.set()

    def lane_lost_records(self, config: LaneConfig, *, from_offset: int, to_offset: int) -> None:
        """Nothing of the input may be lost."""
        raise AssertionError(f"{config.topic}[{config.partition}] lost {from_offset} to {to_offset}")

    def lane_reloaded(self, topic: str, partition: int, error: Exception) -> None:
        """Mark it: events that are counted again cost CPU time twice."""
        super().lane_reloaded(topic, partition, error)
        self._marks.note("reloaded", partition=partition, reason=type(error).__name__)


@dataclass
class GivenKey:
    """The key that all compared systems use; a ``KeySource``."""

    key: RootKey
    place: str = "the task"

    def load(self) -> tuple[RootKey, ...]:
        """Return the key."""
        return (self.key,)

    def revision(self) -> None:
        """Return nothing: it never changes."""


async def run(task: Task) -> None:
    """Run the worker until the whole input is committed."""
    settings = Settings(
        kafka=task.kafka,
        app_id=task.run,
        metrics_port=0,
        flush_s=task.options.get("flush_s", 1.0),
        registry_url=task.options.get("registry_url"),
        **task.options.get("security", {}),
    )
    policy = msgspec.convert(task.policy, Policy)
    keys = WorkerKeys(GivenKey(RootKey(task.kid, 0, bytes.fromhex(task.keys["root"]))))
    start_logging("warning")
    stopping, registry, health = asyncio.Event(), CollectorRegistry(), Health()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)  # as the command does: leave the group
    metrics = Metrics(registry, policy, max_series=settings.max_series)
    observer = MarkingObserver(metrics, health, roles_by_topic(policy, settings.app_id), task, stopping)
    server = MetricsServer(registry, health, settings.metrics_host, settings.metrics_port)
    server.start()
    try:
        await run_worker(settings, policy, keys, task.options.get("roles", ["ingest"]), observer, stopping)
    finally:
        server.stop()


def main() -> None:
    """Run the task; with the option ``profile``, under cProfile, whose figures go to that file."""
    task = Task.from_argv()
    if not (path := task.options.get("profile")):
        asyncio.run(run(task))
        return
    import cProfile  # noqa: PLC0415 - only where it is asked for

    with cProfile.Profile() as profile:
        asyncio.run(run(task))
    profile.dump_stats(os.fspath(path))


if __name__ == "__main__":
    main()
