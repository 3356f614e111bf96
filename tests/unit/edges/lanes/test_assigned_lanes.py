"""Which errors of a lane end the worker, and which are waited out."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from aiokafka.errors import IllegalStateError, KafkaTimeoutError, UnknownTopicOrPartitionError
from faust.types import TP

from stream_app.edges.lanes.assigned_lanes import AssignedLanes
from stream_app.edges.lanes.lane import Lane
from stream_app.edges.lanes.log_position import LogChangedError
from stream_app.errors import FairStreamError, StateError

N_TRIES = 30


class Reloads:
    """Counts reloads by the class of their error."""

    def __init__(self) -> None:
        self.n: Counter[str] = Counter()

    def rebalanced(self) -> None:
        pass

    def lane_opened(self, topic: str, partition: int) -> None:
        pass

    def lane_closed(self, topic: str, partition: int) -> None:
        pass

    def lane_reloaded(self, topic: str, partition: int, error: Exception) -> None:
        del topic, partition
        self.n[type(error).__name__] += 1


def keep_failing(error: Exception) -> tuple[int, FairStreamError | None]:
    """Let a lane fail until it ends the worker, or often enough; return how often, and what ended the worker."""
    reloads = Reloads()

    def build(topic: str, partition: int) -> Lane:
        del topic, partition
        raise error

    async def run() -> FairStreamError | None:
        lanes = AssignedLanes(build, reloads, session_timeout_s=0.0, backoff_s=(0.0,) * 5)
        await lanes.assign({TP("raw", 0)})
        while reloads.n.total() < N_TRIES and not lanes.failure.done():  # noqa: ASYNC110  # counted, not signaled
            await asyncio.sleep(0)
        await lanes.close()
        return lanes.failure.result() if lanes.failure.done() else None

    failure = asyncio.run(run())
    return reloads.n.total(), failure


@pytest.mark.parametrize(
    "error",
    [LogChangedError(), KafkaTimeoutError(), UnknownTopicOrPartitionError(), IllegalStateError(), OSError()],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_by_itself_is_waited_out(error: Exception) -> None:
    assert keep_failing(error) == (N_TRIES, None)


def test_what_fails_at_one_offset_again_and_again_ends_the_worker() -> None:
    n_reloads, failure = keep_failing(ValueError("a record"))
    assert n_reloads == 6
    assert "failed 6 times at offset 0 (ValueError)" in str(failure)


def test_state_that_does_not_fit_ends_the_worker_at_once() -> None:
    n_reloads, failure = keep_failing(StateError("of another policy"))
    assert n_reloads == 0
    assert isinstance(failure, StateError)
