"""What a lane of ingest remembers of ids and tracks, in few entries of bounded size."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.noise.contributions import Contributions
from stream_app.core.noise.track_counts import DAY_S
from stream_app.core.windows.deduplication import DeduplicationWindow
from stream_app.pipeline.ingest.deduplication_log import DeduplicationLog
from stream_app.policy import load_policy
from stream_app.policy.limits import Noise, Publication
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, State, encode, iso, track

_PUBLICATION = Publication(most_cells=1, noise=Noise(epsilon="1/2", budget="1"))
BOUNDED = msgspec.structs.replace(load_policy("camera").models[0], publication=_PUBLICATION)


class Memory:
    """A deduplication window with its log and the changelog topic."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.state: State = {}
        self.n_written = 0
        self.restart()

    def restart(self) -> None:
        self.window = DeduplicationWindow(self.size)
        self.log = DeduplicationLog(self.window)
        self.log.restore(self.state)

    def see(self, first_offset: int, tags: list[int]) -> list[bool]:
        """Admit a batch and flush."""
        offsets = np.arange(first_offset, first_offset + len(tags))
        array = np.array(tags, np.uint64) * np.uint64(2)  # the last bit is the decision
        is_duplicate = self.window.admit(offsets, array).is_duplicate
        self.log.add(offsets[~is_duplicate], array[~is_duplicate])
        for key, value in self.log.take_changes():
            self.n_written += len(value or b"")
            if value is None:
                del self.state[key]  # what is removed was there
            else:
                self.state[key] = value
        return [bool(answer) for answer in is_duplicate]

    @property
    def tags(self) -> list[int]:
        return sorted(tag // 2 for value in self.state.values() for tag in np.frombuffer(value, np.uint64).tolist())


@pytest.mark.parametrize("restarts_every", [1, 50, 10_000])
def test_a_quiet_stream_leaves_few_entries_and_loses_no_id(restarts_every: int) -> None:
    memory = Memory(20_000)
    for number in range(2_000):  # one event a flush
        assert memory.see(number, [number]) == [False]
        if number % restarts_every == restarts_every - 1:
            memory.restart()
        assert len(memory.state) < 64 + 2_000 / 1_000
    assert memory.tags == list(range(2_000))
    memory.restart()
    assert memory.see(2_000, list(range(2_000))) == [True] * 2_000
    assert memory.n_written < 17 * 2_000 * 8  # an id is written alone, then in joined entries of up to 1,000 ids


def test_what_tracks_have_contributed_to_a_day_outlives_events_of_the_day_before_and_a_restart() -> None:
    """Cameras do not agree on midnight: events of the old day come after those of the new one."""
    lane = IngestLane(BOUNDED)
    midnight_s = NOW_S // DAY_S * DAY_S + DAY_S
    times = {"a": midnight_s + 1, "b": midnight_s - 2, "c": midnight_s - 1}
    for name, time_s in times.items():
        lane.feed([encode(track(track_id=name, ts=iso(time_s)))], midnight_s + 1)
        lane.flush()
    lane.restart()
    lane.feed([encode(track(track_id="a", ts=iso(midnight_s + 2)))], midnight_s + 2)
    assert sum(len(value) for key, value in lane.state.items() if key.startswith(b"tracks|")) == 3 * 8
    bound = Contributions(1)
    log = DeduplicationLog(bound, b"tracks|")
    log.restore(lane.state)
    admitted = [bound.admit(np.array([day * DAY_S]), tags).tolist() for day, tags in stored_tracks(lane.state)]
    assert admitted == [[False]] * 3


def stored_tracks(state: State) -> list[tuple[int, NDArray[np.uint64]]]:
    return [
        (int(key.split(b"|")[1]), np.array([tag], np.uint64))
        for key, value in state.items()
        if key.startswith(b"tracks|")
        for tag in np.frombuffer(value, np.uint64).tolist()
    ]


def test_entries_of_blocks_outside_the_deduplication_window_are_removed() -> None:
    memory = Memory(100)
    for first in range(0, 10_000, 25):
        memory.see(first, list(range(first, first + 25)))
        assert len(memory.tags) <= 150
    assert {int(key.split(b"|")[1]) for key in memory.state} == {197, 198, 199}


def test_joined_entries_expire_like_others_and_nothing_is_removed_twice() -> None:
    memory = Memory(200)  # blocks of 100 offsets; one event a flush makes each block join once
    for number in range(1_000):
        memory.see(number, [number])
    assert memory.tags == list(range(700, 1_000))


def test_a_batch_over_several_blocks_is_stored_by_block() -> None:
    memory = Memory(10)
    memory.see(3, list(range(100, 120)))
    memory.restart()
    assert memory.see(23, [119, 100]) == [True, False]


def test_more_ids_than_fit_into_an_entry_take_several() -> None:
    memory = Memory(1_000_000)
    memory.see(0, list(range(150_000)))
    assert len(memory.state) == 3
    assert max(map(len, memory.state.values())) <= 512_000
    assert memory.tags == list(range(150_000))


def test_without_new_ids_no_entry_changes() -> None:
    memory = Memory(100)
    memory.see(0, [1])
    written = memory.n_written
    assert memory.see(1, [1]) == [True]
    assert memory.see(2, []) == []
    assert memory.n_written == written


def test_a_state_of_a_former_version_is_read_and_its_entries_expire() -> None:
    memory = Memory(100)
    memory.state[b"ids|0|0"] = np.array([3, 5, 9], np.uint64).tobytes()
    memory.restart()
    assert memory.see(3, [1, 2, 4, 7]) == [True, True, True, False]  # halves, without the last bit
    assert sorted(memory.state) == [b"ids|0|0", b"seen|0|0"]
    memory.see(1000, [8])
    assert sorted(memory.state) == [b"seen|20|0"]
