"""A lane that meets counts of a policy that it does not know reads the registry again, and gives up in the end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from faust.types import TP

from stream_app.edges.lanes.assigned_lanes import AssignedLanes
from stream_app.edges.lanes.lane import Lane
from stream_app.errors import FairStreamError, UnknownPolicyError
from tests.support.lanes.echo_lanes import Observed


class Registry:
    """Policies that become known at some reading."""

    def __init__(self, known_at: int) -> None:
        self.n_read, self.known_at = 0, known_at

    async def refresh(self) -> None:
        self.n_read += 1


class ReadingLane:
    """A lane that needs a policy; it runs when the policy is known."""

    is_ready = False

    def __init__(self, registry: Registry, running: asyncio.Event, *, moves_on: bool) -> None:
        self._registry, self._running = registry, running
        self.next_offset = 7 + moves_on * registry.n_read

    async def run(self) -> None:
        if self._registry.n_read < self._registry.known_at:
            raise UnknownPolicyError("Counts were made under policy 0123, which is not registered")
        self._running.set()
        await asyncio.Event().wait()


async def outcome_of(registry: Registry, observed: Observed, *, moves_on: bool = False) -> FairStreamError | None:
    """Run a lane until it reads, or until the worker ends."""
    running = asyncio.Event()

    def build(*_: Any) -> Lane:
        return cast(Lane, ReadingLane(registry, running, moves_on=moves_on))

    lanes = AssignedLanes(build, observed, 1.0, (0.01,), registry.refresh)
    await lanes.assign([TP("partials", 0)])
    started = asyncio.ensure_future(running.wait())
    waiting: set[asyncio.Future[object]] = {started, lanes.failure}  # type: ignore[arg-type]  # mixed results
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    failure = lanes.failure.result() if lanes.failure.done() else None
    await lanes.close()
    return failure


@pytest.mark.parametrize("known_at", [1, 2, 3])
def test_a_policy_that_is_registered_meanwhile_is_found(known_at: int) -> None:
    observed, registry = Observed(), Registry(known_at)
    assert asyncio.run(outcome_of(registry, observed)) is None
    assert (registry.n_read, observed.reloads) == (known_at, ["UnknownPolicyError"] * (known_at - 1))


def test_a_lane_that_passes_each_record_of_an_unknown_policy_after_one_look_goes_on() -> None:
    observed, registry = Observed(), Registry(9)
    assert asyncio.run(outcome_of(registry, observed, moves_on=True)) is None
    assert registry.n_read == 9


def test_a_policy_that_stays_unknown_ends_the_worker_with_its_hash() -> None:
    observed, registry = Observed(), Registry(99)
    failure = asyncio.run(outcome_of(registry, observed))
    assert isinstance(failure, UnknownPolicyError)
    assert "0123" in str(failure)
    assert registry.n_read == 3
