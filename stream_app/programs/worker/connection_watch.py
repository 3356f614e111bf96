"""Finds out why Kafka does not accept a worker any more: a certificate that has expired, a password that was changed.

Client libraries try to connect again without end, and report a lost connection whatever the reason is. So while a
worker is not ready, a connection is made step by step that says why. Nothing is counted or lost in the meantime: the
lanes begin at their last commit as soon as Kafka accepts the worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from stream_app.connection.handshake import find_fault
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.metrics.health import Health, ReadinessGate
from stream_app.errors import FairStreamError

LOOK_EVERY_S = 2.0

log = logging.getLogger(__name__)


class ConnectionWatch:
    """Looks at the connection while a worker is not ready, and shows why Kafka rejects it.

    Args:
        kafka: The connection.
        health: Says whether the worker is ready, and shows the reason.
        on_rejected: Called with whether Kafka answers and does not accept this worker.
        find: Tries to connect; returns why that fails, or None.
    """

    def __init__(
        self,
        kafka: AnyKafka,
        health: Health,
        on_rejected: Callable[[bool], None],
        find: Callable[[AnyKafka], FairStreamError | None] = find_fault,
    ) -> None:
        self._kafka = kafka
        self._health = health
        self._on_rejected = on_rejected
        self._find = find
        self._newest = self._complaint = ""

    async def run(self) -> None:
        """Look again and again; a worker that is not ready at two looks is asked why."""
        n_waiting = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            n_waiting = n_waiting + 1 if self._health.reasons else 0
            if n_waiting > 1:
                await self.look()

    async def look(self) -> None:
        """Try to connect once, and report a reason that is new or gone, also at the look before.

        A broker that starts or stops ends connections as well, for a moment.
        """
        fault = await asyncio.to_thread(self._find, self._kafka)
        before, self._newest = self._newest, "" if fault is None else str(fault)
        complaint = self._newest
        if complaint != before:
            return
        self._health.waits_if(ReadinessGate.CONNECTION, is_closed=bool(complaint))
        self._on_rejected(bool(complaint))
        if complaint and complaint != self._complaint:
            log.error("Kafka does not accept this worker, its lanes wait: %s", complaint)
        elif self._complaint and not complaint:
            log.info("Kafka does not reject this worker any more")
        self._complaint = complaint
