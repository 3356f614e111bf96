"""However renames of tracks come, a window counts the objects of each cell, through batches, restarts and crashes."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.pipeline.layout import layout_of
from stream_app.policy import load_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, iso

MODEL = load_policy("cameras").model("axis-v1")
WINDOW_S = MODEL.windows[0].size_s
BEGIN_S = -(-NOW_S // WINDOW_S) * WINDOW_S
CLASSES = {"Human": "person", "Car": "car"}
ZONES = {1: "entrance", 2: "hall"}
TRACKS = st.sampled_from("abcdef")


class Frame(NamedTuple):
    """A frame of a camera; times never go back, so that nothing is late."""

    step_s: int
    channel: int
    seen: list[tuple[str, str]]
    renames: list[tuple[str, str]]


FRAMES = st.lists(
    st.builds(
        Frame,
        st.integers(0, 40),
        st.sampled_from(list(ZONES)),
        st.lists(st.tuples(TRACKS, st.sampled_from(list(CLASSES))), max_size=3),
        st.lists(st.tuples(TRACKS, TRACKS), max_size=3),
    ),
    max_size=25,
)
Cell = tuple[int, str, str]


def record_of(frame: Frame, time_s: int) -> bytes:
    record: dict[str, Any] = {"channel_id": frame.channel, "timestamp": iso(time_s)}
    record["detections"] = [
        {"object_track_id": track, "classes": [{"type": name, "score": 0.9}]} for track, name in frame.seen
    ]
    record["track_events"] = [{"type": "Rename", "from_id": one, "to_id": other} for one, other in frame.renames]
    return json.dumps(record).encode()


def objects_by_cell(frames: list[tuple[int, Frame]]) -> dict[Cell, int]:
    """Count the components of the graph of renames of each window and camera, in a way of its own."""
    tracks_in: dict[tuple[Cell, int], set[str]] = defaultdict(set)
    edges: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    for time_s, frame in frames:
        window = time_s // WINDOW_S
        edges[window, frame.channel] += frame.renames
        for track, name in frame.seen:
            tracks_in[(window, ZONES[frame.channel], CLASSES[name]), frame.channel].add(track)
    n_by_cell: dict[Cell, int] = {}
    for (cell, channel), tracks in tracks_in.items():
        labels = {track: track for track in (*"abcdef", "first")}
        for _ in labels:
            for one, other in edges[cell[0], channel]:
                labels[one] = labels[other] = min(labels[one], labels[other])
        n_by_cell[cell] = len({labels[track] for track in tracks})
    return n_by_cell


def counted(lane: IngestLane) -> dict[Cell, int]:
    layout = layout_of(MODEL)
    sums: dict[Cell, int] = defaultdict(int)
    for start_s, cells in lane.counted.items():
        for code, vector in cells.items():
            zone, name = layout.labels_of(code)
            sums[start_s // WINDOW_S, zone, name] += vector[0]
    return {cell: n for cell, n in sums.items() if n}


def timed(frames: list[Frame]) -> list[tuple[int, Frame]]:
    time_s, found = BEGIN_S, []
    for frame in frames:
        time_s += frame.step_s
        found.append((time_s, frame))
    # Renames before the first event of a partition have no effect.
    return [(BEGIN_S, Frame(0, 1, [("first", "Human")], [])), *found]


@settings(max_examples=60)
@given(frames=FRAMES, cuts=st.lists(st.sampled_from(["go on", "flush", "restart", "crash"]), min_size=26, max_size=26))
def test_a_window_counts_the_objects_of_each_cell(frames: list[Frame], cuts: list[str]) -> None:
    lane = IngestLane(MODEL)
    pending: list[tuple[bytes, int]] = []  # since the last commit
    sent = timed(frames)
    for (time_s, frame), cut in zip(sent, cuts, strict=False):
        pending.append((record_of(frame, time_s), time_s))
        lane.feed([pending[-1][0]], time_s)
        if cut == "crash":
            lane.next_offset -= len(pending)
            lane.restart()
            lane.feed([value for value, _ in pending], [taken_s for _, taken_s in pending])
        elif cut != "go on":
            lane.flush()
            pending.clear()
        if cut == "restart":
            lane.restart()
    lane.flush()
    expected = objects_by_cell(sent)
    assert counted(lane) == expected
    lane.feed([record_of(frame, time_s) for time_s, frame in sent[-3:]], sent[-1][0])  # sent twice
    lane.flush()
    assert counted(lane) == expected


@settings(max_examples=60)
@given(frames=FRAMES, size=st.integers(1, 26))
def test_the_length_of_the_batches_changes_nothing(frames: list[Frame], size: int) -> None:
    lane, sent = IngestLane(MODEL), timed(frames)
    for first in range(0, len(sent), size):
        part = sent[first : first + size]
        lane.feed([record_of(frame, time_s) for time_s, frame in part], [time_s for time_s, _ in part])
    lane.flush()
    assert counted(lane) == objects_by_cell(sent)
