"""From the frames of cameras to published counts: the same bytes however often the judge starts again."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import msgspec
import numpy as np
import pytest

from producers.simulated.cameras import simulate_cameras
from producers.simulated.shots import LEAKS
from producers.timeline import Timeline
from stream_app.core.windows.partials import Partial, encode_partial
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import SHIPPED, Policy, parse_policy
from stream_app.topics import CAMERA_AGGREGATES
from tests.support.lanes.books import book_of
from tests.support.lanes.ingest_lane import KEYS, NOW_S, IngestLane

EXACT = 'publication = { ladder = ["15m", "1h"], pooled = "zone" }'
NOISE = 'track = "track", most_cells = 3, noise = { epsilon = "1" }'
NOISY = EXACT.replace(" }", f", {NOISE} }}")
N = 3000


def policy_of(publication: str) -> Policy:
    """Return the shipped policy of the frames in JSON alone, published like that."""
    header, *models = (SHIPPED / "cameras.toml").read_text("utf-8").split("[[models]]")
    [model] = [model for model in models if 'layout = "onvif-json"' in model]
    assert EXACT in model
    return parse_policy(header + "[[models]]" + model.replace(EXACT, publication))


def partials_of(policy: Policy) -> list[Partial]:
    """Count fifty minutes of frames with plates and faces, and a frame long after, which closes all windows."""
    lane = IngestLane(policy.models[0])
    events = list(islice(simulate_cameras(5, Timeline(NOW_S * 1000, 1.0), "onvif-json", is_leaky=True), N))
    events += list(islice(simulate_cameras(6, Timeline((NOW_S + 7200) * 1000, 1.0), "onvif-json"), 40))
    for first in range(0, len(events), 100):
        part = events[first : first + 100]
        lane.feed([event.value for event in part], [event.time_ms / 1000 for event in part])
        lane.flush(part[-1].time_ms / 1000)
    assert lane.reasons == []
    return [msgspec.structs.replace(partial, n_partitions=1) for partial in lane.partials]


def judged(policy: Policy, partials: list[Partial], *, per_start: int) -> tuple[list[Any], bytes]:
    """Judge partials by a judge that starts again after every few; return its records, and all that is stored."""
    state: dict[bytes, bytes] = {}
    published: list[bytes] = []
    for first in range(0, len(partials), per_start):
        step = JudgeStep(policy, 0, Topology({policy.models[0].topic: 1}), book_of(*policy.models), keys=KEYS)
        step.restore(state, first)
        values: list[bytes | None] = [encode_partial(partial) for partial in partials[first : first + per_start]]
        n = len(values)
        list(step.step(Batch("p", 0, first, first + n, np.arange(first, first + n), values, np.zeros(n, np.int64))))
        flush = step.flush(0.0, is_caught_up=False)
        for key, value in flush.changes:
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        published += [value or b"" for run in flush.outputs if run.topic == CAMERA_AGGREGATES for value in run.values]
    return [json.loads(value) for value in published], b"\n".join([*published, *state.values()])


@pytest.mark.parametrize("publication", [EXACT, NOISY], ids=["exact", "noisy"])
def test_the_judge_publishes_the_same_however_often_it_starts_again(publication: str) -> None:
    policy = policy_of(publication)
    partials = partials_of(policy)
    once, everything = judged(policy, partials, per_start=len(partials))
    often, _ = judged(policy, partials, per_start=1)
    assert once == often
    assert {record["window"] for record in once} == {"1m", "15m", "1h"}
    assert all(cell["n"] >= 10 for record in once for cell in record["cells"])
    assert not [mark for mark in LEAKS if mark.encode() in everything]
    if publication is NOISY:
        starts = sorted(record["start_s"] for record in once if record["window"] == "1m")
        assert np.unique(np.diff(starts)).tolist() == [60], "every window, empty ones too, once"
