"""The connection of a worker that is not ready is looked at, and what is wrong with it is said once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import pytest

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.metrics.health import Health, ReadinessGate
from stream_app.errors import ConnectionRejectedError, FairStreamError
from stream_app.programs.worker import connection_watch
from stream_app.programs.worker.connection_watch import ConnectionWatch

EXPIRED = ConnectionRejectedError("Its certificate has expired", action="Renew it")
PASSWORD = ConnectionRejectedError("It rejects the password", action="Check it")


def ready() -> Health:
    health = Health()
    health.arrived(ReadinessGate.ASSIGNMENT)
    return health


class Looks:
    """What a broker does at each look, and what was reported of it."""

    def __init__(self, health: Health, faults: Iterable[FairStreamError | None] = ()) -> None:
        self.health = health
        self.reported: list[bool] = []
        self.n = 0
        self._faults = iter(faults)
        self.watch = ConnectionWatch("127.0.0.1:1", health, self.reported.append, self._find)

    def _find(self, _: AnyKafka) -> FairStreamError | None:
        self.n += 1
        return next(self._faults, None)


def test_a_reason_is_shown_until_it_is_gone_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    looks = Looks(ready(), [EXPIRED, EXPIRED, EXPIRED, PASSWORD, PASSWORD, None, None, EXPIRED, None])
    gates = []

    async def look() -> None:
        for _ in range(9):
            await looks.watch.look()
            gates.append(looks.health.reasons)

    with caplog.at_level(logging.INFO):
        asyncio.run(look())
    assert gates == [[]] + [["connection"]] * 5 + [[]] * 3
    assert looks.reported == [True, True, True, False]
    lines = [record.getMessage().rpartition("wait: ")[2] for record in caplog.records]
    assert lines == [str(EXPIRED), str(PASSWORD), "Kafka does not reject this worker any more"]


@pytest.mark.parametrize("health", [ready(), Health()], ids=["ready", "waiting"])
def test_only_a_worker_that_is_not_ready_is_looked_at(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_watch, "LOOK_EVERY_S", 0.001)
    looks = Looks(health, [EXPIRED, EXPIRED, None])
    was_ready = not health.reasons

    async def run() -> None:
        watching = asyncio.ensure_future(looks.watch.run())
        for _ in range(100):
            await asyncio.sleep(0.001)
            if looks.n > 3:
                break
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(run())
    assert (looks.n == 0) is was_ready
