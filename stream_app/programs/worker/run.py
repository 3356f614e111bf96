"""A worker: one Faust app with its lanes, monitored and restarted when the broker is back."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Iterable
from functools import partial
from typing import Protocol, cast

from aiokafka.errors import KafkaError

from stream_app.access import rights_of
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.anomalies.scorers import Scorers
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.kafka.rights import check_rights
from stream_app.edges.kafka.topic_metadata import TopicMetadata
from stream_app.edges.lanes.assigned_lanes import AssignedLanes, LanesObserver
from stream_app.edges.lanes.lane_contract import LaneObserver
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.edges.lanes.transport import Consumer
from stream_app.edges.registry.topic_schemas import RegisteredSchemas
from stream_app.errors import AccessDeniedError, BrokerUnavailableError, FairStreamError, TopicError, is_denial_name
from stream_app.policy import Policy
from stream_app.programs.worker.agreed_policy import agree_on_policy
from stream_app.programs.worker.app import add_agents, build_app
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.programs.worker.lane_builder import ConsumerSource, check_partitions, lane_builder, source_topics
from stream_app.programs.worker.topic_watch import TopicWatch, grow_followers
from stream_app.settings import Settings
from stream_app.topics import worker_topics

_BACKOFF_S = (1.0, 2.0, 4.0, 8.0)
_STEADY_S = 60.0  # an app that ran for longer resets its back-off
_CRASH_POLL_S = 0.2
_COMPLAIN_AT = 10  # seconds for which a topic may be missing before the worker says so
_HINT_EVERY_S = 5.0

log = logging.getLogger(__name__)


class WorkerObserver(LaneObserver, LanesObserver, Protocol):
    """Receives everything that a worker reports."""

    async def monitor(self, lanes: AssignedLanes) -> None:
        """Monitor the lanes of one run of the app, about once a second, until canceled."""

    def topics_awaited(self, is_waiting: bool) -> None:  # noqa: FBT001  # the callback of TopicWatch
        """Report whether the worker waits for a topic, or for partitions that it may not add."""


async def run_worker(
    settings: Settings,
    policy: Policy,
    keys: WorkerKeys,
    roles: Iterable[str],
    observer: WorkerObserver,
    stopping: asyncio.Event,
    registry: PolicyRegistry | None = None,
) -> None:
    """Run until ``stopping`` is set. Wait for a lost broker; the first start needs one.

    Args:
        settings: How the process runs.
        policy: The monitored models.
        keys: Root keys of the pseudonyms, read again when their file changes.
        roles: Some of ``ROLES``.
        observer: Receives everything that is reported.
        stopping: Set it to end the worker cleanly.
        registry: Where the policy is registered already; None to register it first.

    Raises:
        ConfigError: topics are missing or do not fit, before anything runs.
        BrokerUnavailableError: no broker answered at the start.
        StateError, LaneError: a restart would not help.
    """
    if registry is None:
        await check_topics(settings, policy)
        policy, registry = await agree_on_policy(settings, policy)
    topics = [spec.name for spec in worker_topics(policy, settings.app_id)]
    _calm_garbage_collector()
    attempt = 0
    while not stopping.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await _run_app(settings, policy, keys, list(roles), observer, stopping, registry)
        except _TopicsChangedError as change:
            log.warning("Topics changed, restarting the Kafka app: reason=%s", change.reason)
            await _wait_for_broker(settings.connection, topics, observer, stopping)
        except _KeysChangedError as change:
            log.warning("Pseudonym keys changed, restarting the Kafka app: %s", change.reason)
        except AccessDeniedError:
            await check_worker_rights(settings, policy)  # which names the right, unless it is there again
            raise
        except _AppCrashedError as error:
            if is_denial_name(error.reason):
                await check_worker_rights(settings, policy)
            if asyncio.get_running_loop().time() - started > _STEADY_S:
                attempt = 0
            wait_s = _BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)]
            attempt += 1
            log.warning("Kafka app ended, restarting: reason=%s wait_s=%g", error.reason, wait_s)
            await _sleep_unless(stopping, wait_s)
            await _wait_for_broker(settings.connection, topics, observer, stopping)


async def check_topics(settings: Settings, policy: Policy) -> None:
    """Check that every topic is there and fits; add partitions where the raw topic has more.

    Raises:
        AccessDeniedError: this user may not do what a worker does.
        BrokerUnavailableError: no broker answers.
        TopicError: topics are missing or do not fit.
        ConfigError: a topic has records in a format that needs a schema registry, and there is none; or an anomaly
            reference cannot be used.
        DependencyMissingError: what reads such a format, or an anomaly reference, is not installed.
    """
    RegisteredSchemas(settings.registry).check(policy)
    Scorers(settings.state_dir).check(policy)
    await check_worker_rights(settings, policy)
    topics = [spec.name for spec in worker_topics(policy, settings.app_id)]
    n_partitions = await count_partitions(settings.connection, topics)
    try:
        await grow_followers(settings, policy, n_partitions)
    except TopicError as error:  # may not: then an operator has to, as the check says
        log.warning("Partitions cannot be added: %s", error)
    check_partitions(policy, settings.app_id, await count_partitions(settings.connection, topics))


async def check_worker_rights(settings: Settings, policy: Policy) -> None:
    """Check that this user may do everything that a worker does.

    Raises:
        AccessDeniedError: names the operations and resources that are denied.
        BrokerUnavailableError: no broker answers.
    """
    rights = rights_of("worker", policy, settings.app_id)
    await asyncio.to_thread(check_rights, settings.connection, rights)


def _calm_garbage_collector() -> None:
    """Run the cycle collector rarely, and not over objects that live as long as the process.

    A run of events makes thousands of short-lived containers and no cycles; with Python's defaults the collector takes
    an eighth of the CPU of a busy worker for nothing (`docs/explanation/benchmarks.md`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class _AppCrashedError(Exception):
    """Faust gave up; the cause is in its log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _TopicsChangedError(Exception):
    """The app has to start again: a topic was created again, or has other partitions now."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _KeysChangedError(Exception):
    """The app has to start again with other pseudonym keys."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def _run_app(
    settings: Settings,
    policy: Policy,
    keys: WorkerKeys,
    roles: list[str],
    observer: WorkerObserver,
    stopping: asyncio.Event,
    registry: PolicyRegistry,
) -> None:
    app = build_app(settings)
    sources = source_topics(policy, settings.app_id, roles)
    metadata = TopicMetadata(settings.connection, [spec.name for spec in worker_topics(policy, settings.app_id)])
    watch = TopicWatch(metadata, sources, partial(grow_followers, settings, policy), observer.topics_awaited)
    build = lane_builder(
        settings, policy, keys, metadata.n_partitions, ConsumerSource(app, metadata), observer, registry
    )
    lanes = AssignedLanes(build, observer, settings.session_timeout_s, prepare=registry.refresh)
    add_agents(app, lanes, sources)
    app.finalize()
    try:
        await metadata.start()
        await watch.start()
    except (BrokerUnavailableError, KafkaError) as error:
        await metadata.close()
        raise _AppCrashedError(type(error).__name__) from None
    crashed = asyncio.ensure_future(_wait_for_crash(app))
    stopped = asyncio.ensure_future(stopping.wait())
    starting = asyncio.ensure_future(app.start())
    monitoring = asyncio.ensure_future(observer.monitor(lanes))
    hinting = asyncio.ensure_future(_hint_positions(app, lanes))
    changed = asyncio.ensure_future(watch.wait_for_change())
    rekeyed = asyncio.ensure_future(keys.wait_for_change())
    waiting: set[asyncio.Future[object]] = {crashed, stopped, changed, rekeyed, lanes.failure}  # type: ignore[arg-type]  # mixed
    try:
        await asyncio.wait(waiting | {starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and starting.exception() is not None:
            raise _AppCrashedError(type(starting.exception()).__name__)
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if lanes.failure.done():
            raise lanes.failure.result()
        if changed.done():
            raise _TopicsChangedError(changed.result())
        if rekeyed.done():
            raise _KeysChangedError(rekeyed.result())
        if crashed.done():
            raise _AppCrashedError(crashed.result())
    finally:
        for task in (crashed, stopped, changed, rekeyed, starting, hinting, monitoring):
            task.cancel()
        await lanes.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(app.stop(), timeout=15.0)
        await metadata.close()


async def _wait_for_crash(app: object) -> str:
    while not app.crashed:  # type: ignore[attr-defined]  # noqa: ASYNC110  # mode reports it by a flag only
        await asyncio.sleep(_CRASH_POLL_S)
    return type(getattr(app, "crash_reason", None)).__name__


async def _hint_positions(app: object, lanes: AssignedLanes) -> None:
    while True:
        await asyncio.sleep(_HINT_EVERY_S)
        if positions := lanes.positions():
            await cast(Consumer, app.consumer).hint_committed(positions)  # type: ignore[attr-defined]


async def _wait_for_broker(
    kafka: KafkaConnection, topics: list[str], observer: WorkerObserver, stopping: asyncio.Event
) -> None:
    """Wait until a broker answers and knows all topics; one that has just started may not know them yet."""
    n_incomplete = 0
    complaint = ""
    while not stopping.is_set():
        try:
            await count_partitions(kafka, topics)
        except BrokerUnavailableError as error:
            if str(error) != complaint:
                log.warning("Kafka is not available, waiting: %s", error)
            complaint = str(error)
        except FairStreamError as error:
            n_incomplete += 1
            if n_incomplete % _COMPLAIN_AT == 0:
                observer.topics_awaited(True)
                log.error("Waiting for topics: %s", error)  # noqa: TRY400  # it is known where this comes from
        else:
            observer.topics_awaited(False)
            return
        await _sleep_unless(stopping, 1.0)


async def _sleep_unless(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(stopping.wait(), timeout=seconds)
