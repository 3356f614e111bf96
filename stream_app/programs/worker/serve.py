"""A worker with its metrics endpoint: what ``fairstream worker`` runs, and the demo in its own process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry

from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.server import MetricsServer
from stream_app.edges.otlp.options import OtlpOptions
from stream_app.edges.otlp.push import OtlpPush, load_senders
from stream_app.edges.web.access import WebAccess
from stream_app.policy import Policy
from stream_app.programs.worker.agreed_policy import agree_on_policy
from stream_app.programs.worker.connection_watch import ConnectionWatch
from stream_app.programs.worker.key_watch import WorkerKeys
from stream_app.programs.worker.lane_builder import roles_by_topic
from stream_app.programs.worker.observer import MetricsObserver
from stream_app.programs.worker.run import check_topics, run_worker
from stream_app.settings import Settings

_BEAT_EVERY_S = 1.0


async def serve(
    settings: Settings,
    policy: Policy,
    keys: WorkerKeys,
    roles: Iterable[str],
    stopping: asyncio.Event,
    *,
    on_started: Callable[[int], None],
    otlp: OtlpOptions | None = None,
    access: WebAccess | None = None,
) -> None:
    """Run a worker and answer on its metrics port until ``stopping`` is set.

    Args:
        settings: How the process runs.
        policy: The monitored models.
        keys: Root keys of the pseudonyms, read again when their file changes.
        roles: Some of ``stream_app.programs.worker.lane_builder.ROLES``.
        stopping: Set it to end the worker cleanly.
        on_started: Called with the bound port once the endpoint answers.
        otlp: What is pushed to a collector; None for nothing.
        access: Who may read ``/metrics``; None for everybody.

    Raises:
        DependencyMissingError: a push needs the extra ``otlp``.
        FairStreamError: see ``stream_app.programs.worker.run.run_worker``.
    """
    registry = CollectorRegistry()
    health = Health()
    server = MetricsServer(registry, health, settings.metrics_host, settings.metrics_port, access)
    server.start()  # first: a port that is taken is found without a broker
    beating = asyncio.ensure_future(_beat(health))
    push: OtlpPush | None = None
    watching: asyncio.Future[None] | None = None
    try:
        instance = f"{socket.gethostname()}:{server.port}"
        senders = load_senders(otlp, instance) if otlp is not None else None  # also before a broker is asked
        await check_topics(settings, policy)
        policy, policies = await agree_on_policy(settings, policy)
        metrics = Metrics(registry, policy, max_series=settings.max_series, policy_name=settings.policy)
        metrics.connected(is_insecure=bool(settings.connection.weaknesses()))
        observer = MetricsObserver(metrics, health, roles_by_topic(policy, settings.app_id))
        if otlp is not None and senders is not None:
            push = OtlpPush(otlp, senders, registry, metrics.pushed)
            observer.report_judged_to(push.judged)
            push.start()
        watch = ConnectionWatch(settings.connection, health, metrics.rejected)
        watching = asyncio.ensure_future(watch.run())
        on_started(server.port)
        await run_worker(settings, policy, keys, roles, observer, stopping, policies)
    finally:
        for task in (beating, watching):
            if task is not None:
                task.cancel()
        server.stop()
        if push is not None:
            await asyncio.to_thread(push.stop)


async def _beat(health: Health) -> None:
    """Send the heartbeat, also while the worker waits for a lost broker."""
    while True:
        health.heartbeat()
        await asyncio.sleep(_BEAT_EVERY_S)
