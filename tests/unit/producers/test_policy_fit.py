"""Every record of every producer decodes with the shipped policy, by the reader that the workers use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest

from producers.event import Event
from producers.fit import check_fit
from producers.recorded.loanapp import stream_loanapp
from producers.recorded.reference import stream_reference
from producers.simulated.camera import simulate_camera
from producers.simulated.drift import parse_drift
from producers.simulated.loans import releases, simulate_loans
from producers.timeline import Timeline
from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.event_batch import EventBatch
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.policy import ModelPolicy, load_policy, parse_policy

LINE = Timeline(1_795_449_600_000, 0.05)

STREAMS: dict[str, tuple[str, Callable[[], Iterator[Event]]]] = {
    "loans": ("loans", lambda: islice(simulate_loans(5, LINE, parse_drift("0..1@9s-99s"), releases()), 10_000)),
    "camera": ("camera", lambda: islice(simulate_camera(5, LINE), 10_000)),
    "loanapp": ("loanapp", lambda: stream_loanapp(LINE)),
    "reference": ("loans", lambda: stream_reference(LINE)),
}


def read(events: list[Event], model: ModelPolicy) -> EventBatch:
    """Read records as a worker does, each stamped by the broker at its event time."""
    n = len(events)
    values: list[bytes | None] = [event.value for event in events]
    times_ms = np.array([event.time_ms for event in events])
    return RecordReader(model).read(Batch(model.topic, 0, 0, n, np.arange(n), values, times_ms))


@pytest.mark.parametrize("stream", STREAMS)
def test_every_record_is_accepted_by_the_shipped_policy(stream: str) -> None:
    policy, make = STREAMS[stream]
    events = list(make())
    reading = read(events, load_policy(policy).models[0])
    assert reading.rejected == {}
    assert len(reading) == len(events)
    assert reading.times_s.tolist() == [event.time_ms // 1000 for event in events]
    if stream != "camera":
        assert not reading.dropped


def test_the_leaks_of_the_camera_are_dropped_and_counted() -> None:
    events = list(STREAMS["camera"][1]())
    reading = read(events, load_policy("camera").models[0])
    assert reading.dropped["undeclared"] == len(events)
    assert reading.dropped["gps.lat"] == len(events)


@pytest.mark.parametrize("stream", STREAMS)
def test_the_fit_is_confirmed_before_sending(stream: str) -> None:
    policy, make = STREAMS[stream]
    check_fit(next(make()), load_policy(policy).models[0], action="")


@pytest.mark.parametrize(("stream", "policy"), [("loanapp", "loans"), ("loans", "loanapp"), ("camera", "loans")])
def test_records_of_another_policy_are_rejected_before_sending(stream: str, policy: str) -> None:
    with pytest.raises(PolicyError, match="do not fit"):
        check_fit(next(STREAMS[stream][1]()), load_policy(policy).models[0], action="")


def test_a_field_that_the_policy_rejects_is_named() -> None:
    narrow = parse_policy("""
        schema = 1
        [[models]]
        name = "narrow"
        topic = "t"
        event_id = { path = "application_id", link_domain = "d" }
        decision = { path = "approved", favorable = true, unfavorable = [false] }
        event_time = { path = "ts" }
        attributes = [{ name = "race", path = "race", groups = ["white"], reference = "white" }]
    """).models[0]
    with pytest.raises(PolicyError, match="unknown field 'credit_history'"):
        check_fit(next(STREAMS["loanapp"][1]()), narrow, action="")
