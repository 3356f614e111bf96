"""Builds the Faust app: one small agent per source topic; all work is in lanes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import faust
from faust.types import TP

from stream_app.connection.for_faust import faust_credentials
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.lanes.assigned_lanes import AssignedLanes
from stream_app.settings import Settings

_QUEUED_RUNS = 2  # per agent; Faust's default of 4,096 is meant for single records
# For one partition at a time. Every lane may keep a few runs of this size: at 16 partitions Kafka's default of 1 MiB
# costs 56 MiB more, and at a quarter of it the runs get so short that the cost per event rises.
_FETCH_BYTES = 524_288
# A broker that has just started may answer without topics that it has. The leader of the group then assigns none of
# their partitions, and aiokafka asks again only after this time, by default five minutes in which nothing is counted.
_METADATA_AGE_MS = 5_000


class _App(faust.App):
    """An app that makes no folders: they would be for Tables, and a container's working directory may be read-only.

    Attributes:
        connection: Its Kafka; the transport reads a rotated password by it.
    """

    connection: KafkaConnection

    def _create_directories(self) -> None:
        pass


def build_app(settings: Settings) -> faust.App:
    """Return an app without agents.

    Its guarantee, tables, acknowledgements, web server and leader topic are not used; for the reasons see
    ``docs/explanation/architecture.md``.
    """
    app = _App(
        settings.app_id,
        broker=";".join(f"lanes://{server}" for server in settings.connection.addresses),
        broker_credentials=faust_credentials(settings.connection),
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=_QUEUED_RUNS,
        consumer_max_fetch_size=_FETCH_BYTES,
        consumer_metadata_max_age_ms=_METADATA_AGE_MS,
        stream_wait_empty=False,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 4,
        broker_request_timeout=max(30.0, settings.session_timeout_s * 2),
        broker_max_poll_interval=600.0,
    )
    app.connection = settings.connection
    return app


def add_agents(app: faust.App, lanes: AssignedLanes, topics: Iterable[str]) -> None:
    """Register one agent per source topic that passes runs to their lanes, and connect lanes to the assignment."""

    async def deliver(stream: Any) -> None:
        async for delivery in stream:
            await lanes.deliver(delivery)

    for topic in topics:
        channel = app.topic(topic, key_serializer="raw", value_serializer="raw", acks=False)
        app.agent(channel, name=f"lanes-of-{topic}")(deliver)

    async def flush_lanes(*_: Any, **__: Any) -> None:
        await lanes.flush()

    async def assign_lanes(*arguments: Any, **_: Any) -> None:
        assigned: set[TP] = arguments[1]  # after the app
        await lanes.assign(assigned)

    app.on_partitions_revoked.connect(flush_lanes, weak=False)
    app.on_partitions_assigned.connect(assign_lanes, weak=False)
