"""All lanes of one worker: opened on assignment, closed on revocation, reloaded when they fail."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from aiokafka.errors import (
    IllegalStateError,
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaTimeoutError,
    ProducerFenced,
)
from faust.types import TP

from stream_app.edges.host.tasks import raise_if_canceled
from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.log_position import LogChangedError
from stream_app.edges.lanes.transport import RunMessage
from stream_app.errors import (
    FairStreamError,
    LaneError,
    StateError,
    UnknownPolicyError,
    access_denied,
    is_denial,
)

_REVOKE_FLUSH_S = 3.0  # a rebalance waits no longer; the next owner reads again what is not committed
RELOAD_BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_LOOKS = 3  # for a policy that must be registered: each reload reads the registry again
_FENCED = (ProducerFenced, InvalidProducerEpoch)
_UNREACHABLE = (KafkaConnectionError, KafkaTimeoutError, OSError)


class LanesObserver(Protocol):
    """Listener for the lanes of a worker; it makes metrics and log lines."""

    def rebalanced(self) -> None:
        """Report that the group has reassigned its partitions."""

    def lane_opened(self, topic: str, partition: int) -> None:
        """Report that a lane is assigned to this worker and loads its state."""

    def lane_closed(self, topic: str, partition: int) -> None:
        """Report that a lane has left this worker; its metric rows must disappear."""

    def lane_reloaded(self, topic: str, partition: int, error: Exception) -> None:
        """Report that a lane failed and is reloaded; the text of the error may contain part of a record."""


class AssignedLanes:
    """Keeps one running lane for each assigned partition.

    Args:
        build: Creates a new lane for a topic and partition.
        observer: The listener.
        session_timeout_s: Time after which a worker that lost its membership knows it.
        backoff_s: Waits before a failed lane is reloaded; a lane that fails more often at one offset ends the worker.
        prepare: Awaited each time before a lane is created: what it needs to know is read again.
    """

    def __init__(
        self,
        build: Callable[[str, int], Lane],
        observer: LanesObserver,
        session_timeout_s: float,
        backoff_s: Sequence[float] = RELOAD_BACKOFF_S,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.failure: asyncio.Future[FairStreamError] = asyncio.get_running_loop().create_future()
        self._build = build
        self._observer = observer
        self._session_timeout_s = session_timeout_s
        self._backoff_s = backoff_s
        self._prepare = prepare
        self._lanes: dict[TP, Lane] = {}
        self._keepers: dict[TP, asyncio.Task[None]] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def is_ready(self) -> bool:
        """Whether every assigned lane has its state."""
        return len(self._lanes) == len(self._keepers) and all(lane.is_ready for lane in self._lanes.values())

    def positions(self) -> Mapping[TP, int]:
        """Return the next offset of each loaded lane."""
        return {tp: lane.next_offset for tp, lane in self._lanes.items() if lane.is_ready}

    def lags(self) -> Mapping[TP, int | None]:
        """Return the lag of each loaded lane."""
        return {tp: lane.lag for tp, lane in self._lanes.items() if lane.is_ready}

    def fetch_age_s(self) -> float | None:
        """Return the seconds since the broker last answered a fetch of any lane; None before the first answer."""
        ages_s = [lane.fetch_age_s for lane in self._lanes.values() if lane.is_ready]
        return min((age_s for age_s in ages_s if age_s is not None), default=None)

    async def deliver(self, delivery: RunMessage) -> None:
        """Pass a run to its lane.

        A run for a lane without state is dropped: the lane will read it again from its own position, and the other
        lanes need not wait for it.
        """
        lane = self._lanes.get(TP(delivery.batch.topic, delivery.batch.partition))
        if lane is not None and lane.is_ready and not self._is_closed:
            await lane.deliver(delivery)
        else:
            delivery.release()

    async def assign(self, partitions: Iterable[TP]) -> None:
        """Open lanes for new partitions, keep those that stay, close the others.

        A lane that stays keeps its state: if another worker had owned the partition in between, its next transaction
        would be fenced.
        """
        self._observer.rebalanced()
        assigned = set(partitions)
        await self._drop(set(self._keepers) - assigned)
        for tp in assigned - set(self._keepers):
            if not self._is_closed:
                self._keepers[tp] = asyncio.create_task(self._keep(tp), name=f"lane-{tp.topic}-{tp.partition}")

    async def flush(self) -> None:
        """Commit what each lane has counted, within the time that a rebalance can wait."""
        flushes = [asyncio.ensure_future(lane.flush_soon()) for lane in self._lanes.values() if lane.is_ready]
        if flushes:
            _, late = await asyncio.wait(flushes, timeout=_REVOKE_FLUSH_S)
            for flush in late:
                flush.cancel()

    async def close(self) -> None:
        """Commit and close all lanes."""
        await self.flush()
        self._is_closed = True
        await self._drop(set(self._keepers))

    async def _drop(self, partitions: Iterable[TP]) -> None:
        keepers = [(tp, self._keepers.pop(tp)) for tp in partitions]
        for _, keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*(keeper for _, keeper in keepers), return_exceptions=True)

    async def _keep(self, tp: TP) -> None:
        """Run a lane; when it fails, reload it from what is committed."""
        failures_at: list[int] = []
        looks: Counter[tuple[str, int]] = Counter()  # for a policy, by what is missing and where
        self._observer.lane_opened(tp.topic, tp.partition)
        try:
            while True:
                reached = 0
                try:
                    if self._prepare is not None:
                        await self._prepare()
                    raise_if_canceled()
                    lane = self._lanes[tp] = self._build(tp.topic, tp.partition)
                    await lane.run()
                except StateError as error:
                    reached = lane.next_offset if tp in self._lanes else 0
                    wait_s = self._wait_for_policy(tp, error, looks, reached)
                except Exception as error:  # noqa: BLE001  # whatever the reason, the lane is reloaded or abandoned
                    reached = lane.next_offset if tp in self._lanes else 0
                    wait_s = self._wait_after(tp, error, failures_at, reached)
                    if is_denial(error):  # an operator has to act, and the worker says on what
                        self._fail(access_denied(f"an operation of lane {tp.topic}[{tp.partition}]"))
                finally:
                    self._lanes.pop(tp, None)
                if wait_s is None:
                    return
                await asyncio.sleep(wait_s)
        finally:
            self._observer.lane_closed(tp.topic, tp.partition)

    def _wait_for_policy(
        self, tp: TP, error: StateError, looks: Counter[tuple[str, int]], next_offset: int
    ) -> float | None:
        """Return how long to wait until the registry is read again; None where that would not help."""
        looks[str(error), next_offset] += 1
        if not isinstance(error, UnknownPolicyError) or looks[str(error), next_offset] >= _LOOKS:
            self._fail(error)
            return None
        self._observer.lane_reloaded(tp.topic, tp.partition, error)
        return self._backoff_s[0]

    def _wait_after(self, tp: TP, error: Exception, failures_at: list[int], next_offset: int) -> float | None:
        """Return how long to wait before a reload; None abandons the lane.

        Whether the broker may recover by itself is what aiokafka says: its errors have the attribute ``retriable``.
        """
        self._observer.lane_reloaded(tp.topic, tp.partition, error)
        if isinstance(error, LogChangedError):
            return self._backoff_s[0]  # not a failure: the lane compares its position with the log when it loads
        if getattr(error, "retriable", False) or isinstance(error, _UNREACHABLE):
            return self._backoff_s[-1]  # the broker is away or busy, or the topic is gone: retry without limit
        if isinstance(error, IllegalStateError):
            return self._backoff_s[-1]  # the consumer has lost the partition; a rebalance drops the lane
        if isinstance(error, _FENCED):
            # Another worker owns the partition. If this one was suspended, it will know within a session timeout
            # and lose the partition; reloading at once would fence the rightful owner.
            return self._session_timeout_s
        if failures_at and failures_at[-1] != next_offset:
            failures_at.clear()  # it has moved on: not the same obstacle
        failures_at.append(next_offset)
        if len(failures_at) > len(self._backoff_s):
            self._fail(
                LaneError(
                    f"Lane {tp.topic}[{tp.partition}] failed {len(failures_at)} times at offset {next_offset}"
                    f" ({type(error).__name__})",
                    action="See the log for the place in the code, and inspect the record at this offset",
                )
            )
            return None
        return self._backoff_s[len(failures_at) - 1]

    def _fail(self, error: FairStreamError) -> None:
        if not self.failure.done():
            self.failure.set_result(error)
