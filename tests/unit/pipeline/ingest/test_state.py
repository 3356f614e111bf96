"""What a lane of ingest stores: remembered ids and open panes, in few entries of bounded size."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from stream_app.core.noise.contributions import Contributions
from stream_app.core.noise.track_counts import DAY_S
from stream_app.core.windows.deduplication import DeduplicationWindow
from stream_app.core.windows.partials import PanePartial, decode_partial
from stream_app.errors import StateError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.deduplication_log import DeduplicationLog
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.panes.pane_log import PaneLog
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy, parse_policy
from stream_app.policy.limits import Noise, Publication
from stream_app.topics import FAIRNESS_PARTIALS
from tests.support.lanes.ingest_lane import KEYS, LOANS, NOW_S, IngestLane, State, encode, iso, loan, track

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


def test_a_large_pane_takes_several_entries_and_all_are_removed_when_it_closes() -> None:
    log = PaneLog(max_cells=2)
    state = dict(log.changes([PanePartial(10, {1: [1], 2: [1]})], None))
    assert len(state) == 1
    state.update(log.changes([PanePartial(10, {1: [2], 2: [1], 3: [1], 4: [1], 5: [1]})], 10))
    assert len(state) == 3
    restored = PaneLog(max_cells=2)
    pieces = list(restored.restore({key: value for key, value in state.items() if value is not None}))
    assert {code: vector for piece in pieces for code, vector in piece.cells.items()} == {
        1: [2],
        2: [1],
        3: [1],
        4: [1],
        5: [1],
    }
    assert restored.changes([PanePartial(10, {1: [3]})], 20) == [(key, None) for key in state]
    assert restored.changes([], 20) == []


WIDE = parse_policy(
    """
schema = 1
[[models]]
name = "wide"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s" }
attributes = [
    { name = "a", path = "a", groups = [GROUPS], reference = "0" },
    { name = "b", path = "b", groups = [GROUPS], reference = "0" },
]
features = [FEATURES]
detection = { max_depth = 1 }
""".replace("GROUPS", ", ".join(f'"{n}"' for n in range(60))).replace(
        "FEATURES", ", ".join(f'{{ name = "x{n}", path = "x{n}", minimum = 0, maximum = 1000000 }}' for n in range(16))
    )
).models[0]


def test_thousands_of_wide_cells_in_one_pane_survive_a_restart_in_records_that_the_broker_takes() -> None:
    features = {f"x{number}": 999_999 for number in range(16)}
    records = [
        encode({"id": f"{a}-{b}", "t": NOW_S, "ok": True, "a": str(a), "b": str(b)} | features)
        for a in range(60)
        for b in range(60)
    ]
    lane = IngestLane(WIDE)
    lane.feed(records[:3_000])
    lane.flush()
    lane.restart()
    lane.feed(records[2_000:])
    lane.flush()
    assert len(lane.counted[NOW_S]) == lane.n_counted == 3_600
    assert sum(key.startswith(b"pane|") for key in lane.state) == 2
    sizes = [len(value or b"") for topic in lane.written.values() for _, value in topic]
    assert max(*sizes, *map(len, lane.state.values())) < 1_000_000


def test_state_of_other_panes_or_of_another_version_is_rejected_with_an_action() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    lane.model = msgspec.structs.replace(LOANS, event_time=msgspec.structs.replace(LOANS.event_time, pane_s=5))
    with pytest.raises(StateError, match=r"pane_s changed from 10 to 5.*FAIRSTREAM_APP_ID") as rejected:
        lane.restart()
    assert "loans" in str(rejected.value)
    lane.model = LOANS
    version, *rest = msgspec.msgpack.decode(lane.state[b"meta"])
    lane.state[b"meta"] = msgspec.msgpack.encode([version + 1, *rest])
    with pytest.raises(StateError):
        lane.restart()


def test_other_rules_or_windows_leave_the_state_valid() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    lane.model = msgspec.structs.replace(LOANS, windows=LOANS.windows[:1], deduplication_window=10, keep=())
    lane.restart()


def test_a_silent_lane_writes_only_when_it_becomes_idle_and_when_it_wakes() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    assert [bool(lane.flush(NOW_S + s).outputs) for s in (0, 1, 2, 5, 6, 60)] == [
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert [partial.is_idle for partial in lane.partials] == [False, True]
    lane.feed([encode(loan(application_id="A-2"))])
    lane.flush(NOW_S + 61)
    assert [partial.is_idle for partial in lane.partials] == [False, True, False]
    assert lane.partials[-1].next_offset == 2


def test_a_lane_that_lags_behind_is_never_idle() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush(NOW_S)
    lane.flush(NOW_S + 3600, is_caught_up=False)
    assert not any(partial.is_idle for partial in lane.partials)
    lane.flush(NOW_S + 3600)
    assert lane.partials[-1].is_idle


def test_a_restored_lane_publishes_its_progress_before_any_record() -> None:
    lane = IngestLane()
    lane.feed([encode(loan(ts=iso(NOW_S + 20)))], NOW_S + 20)
    lane.flush()
    lane.restart()
    lane.flush()
    assert lane.partials[-1].next_offset == 1
    assert lane.partials[-1].closed_before_s == NOW_S + 10
    assert lane.partials[-1].panes == ()


def test_a_lane_without_any_record_has_no_watermark() -> None:
    lane = IngestLane()
    lane.flush()
    assert [(partial.closed_before_s, partial.max_event_s) for partial in lane.partials] == [(None, None)]


def test_a_lane_stores_its_first_offset() -> None:
    state: dict[bytes, bytes] = {}
    for next_offset in (41, 57):
        step = IngestStep(LOANS, KEYS, 0, Topology())
        step.restore(state, next_offset)
        step.step(Batch(LOANS.topic, 0, next_offset, next_offset + 3, np.arange(0), [], np.zeros(0, np.int64)))
        flush = step.flush(0.0, is_caught_up=False)
        state |= {key: value for key, value in flush.changes if value is not None}
        (partial,) = [decode_partial(v) for o in flush.outputs for v in o.values if o.topic == FAIRNESS_PARTIALS and v]
        assert (partial.first_offset, partial.next_offset) == (41, next_offset + 3)


@pytest.mark.parametrize("size", [2, 6, 1000])
def test_a_new_log_continues_panes_watermark_and_duplicates_from_its_own_first_offset(size: int) -> None:
    model = msgspec.structs.replace(LOANS, deduplication_window=size)
    lane = IngestLane(model)
    lane.feed([encode(loan(application_id=f"A-{n}")) for n in range(5)])
    lane.flush()
    lane.begin_log()
    again = [encode(loan(application_id=f"A-{n}")) for n in range(5 - size if size < 5 else 0, 5)]
    lane.feed([*again, encode(loan(application_id="B-1")), encode(loan(application_id="B-2", ts=iso(NOW_S - 400)))])
    lane.flush()
    assert lane.counts.n_duplicates == len(again)
    assert lane.n_counted == 6
    assert len(lane.late) == 1
    assert (lane.partials[-1].log_number, lane.partials[-1].first_offset) == (1, 0)
    assert lane.partials[-1].next_offset == len(again) + 2
    state, counts = dict(lane.state), dict(lane.counted)
    lane.restart()
    lane.feed([encode(loan(application_id="B-1"))])
    lane.flush()
    assert lane.counts.n_duplicates == len(again) + 1
    assert lane.counted == counts
    assert {key for key in lane.state if key.startswith(b"ids|")} == {key for key in state if key.startswith(b"ids|")}


def test_state_of_the_version_before_is_read() -> None:
    lane = IngestLane()
    lane.feed([encode(loan())])
    lane.flush()
    lane.state[b"meta"] = msgspec.msgpack.encode([3, *msgspec.msgpack.decode(lane.state[b"meta"])[1:4]])
    lane.restart()
    lane.feed([encode(loan(application_id="A-2"))])
    lane.flush()
    assert (lane.n_counted, lane.partials[-1].log_number) == (2, 0)


def test_a_state_of_a_former_version_is_read_and_its_entries_expire() -> None:
    memory = Memory(100)
    memory.state[b"ids|0|0"] = np.array([3, 5, 9], np.uint64).tobytes()
    memory.restart()
    assert memory.see(3, [1, 2, 4, 7]) == [True, True, True, False]  # halves, without the last bit
    assert sorted(memory.state) == [b"ids|0|0", b"seen|0|0"]
    memory.see(1000, [8])
    assert sorted(memory.state) == [b"seen|20|0"]
