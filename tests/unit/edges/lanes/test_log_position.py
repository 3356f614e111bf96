"""Where a lane continues: any history of a log, and any change of it, against what must not be skipped or left out."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.edges.lanes.log_position import (
    LogExtent,
    LogPosition,
    Mark,
    StoredLog,
    decode_log,
    encode_log,
    find_position,
)
from stream_app.errors import StateError

Log = list[int | None]  # broker timestamp of the record at each offset; None where there is none

gaps = st.lists(st.booleans(), max_size=60)


def find(next_offset: int, log: StoredLog, now: Log, *, topic_id: str = "a", begin: int = 0) -> LogPosition:
    async def timestamp_at(offset: int) -> int | None:
        assert begin <= offset < len(now)  # nothing else may be asked for
        return now[offset]

    return asyncio.run(find_position(next_offset, log, topic_id, LogExtent(begin, len(now)), timestamp_at))


def counted(log: Log, topic_id: str = "a") -> StoredLog:
    stored = StoredLog(topic_id, end=len(log))
    for offset, timestamp_ms in enumerate(log):
        if timestamp_ms is not None:
            stored = stored.with_mark(offset, timestamp_ms)
    return stored


def with_gaps(is_gap: list[bool], first_ms: int) -> Log:
    return [None if gap else first_ms + offset for offset, gap in enumerate(is_gap)]


@given(old=gaps, more=gaps, begin=st.integers(0, 60))
def test_a_log_that_only_grew_or_lost_its_oldest_records_continues_where_the_lane_was(
    old: list[bool], more: list[bool], begin: int
) -> None:
    log = with_gaps(old, 1000)
    begin = min(begin, len(old))
    found = find(len(old), counted(log), log + with_gaps(more, 5000), begin=begin)
    assert (found.next_offset, found.log.number, found.change) == (len(old), 0, None)


@given(old=gaps, n_kept=st.integers(0, 60), new=gaps)
def test_a_log_that_was_cut_is_read_again_from_a_point_at_or_below_the_cut(
    old: list[bool], n_kept: int, new: list[bool]
) -> None:
    log = with_gaps(old, 1000)
    kept = log[:n_kept]
    now = kept + with_gaps(new, 5000)
    found = find(len(old), counted(log), now)
    if len(now) < len(old):
        assert found.change is not None
    if found.change is None:  # nothing to tell the two apart by: the records at all marks are the same, or gone
        assert all(now[mark.offset] in {mark.timestamp_ms, None} for mark in counted(log).marks)
    else:
        assert (found.change.kind, found.change.number, found.log.number) == ("cut", 1, 1)
        assert found.next_offset <= len(kept)
        assert all(mark.offset < found.next_offset for mark in found.log.marks)


@given(old=gaps, new=gaps, unread=st.integers(0, 5), begin=st.integers(0, 60))
def test_a_topic_that_was_created_again_is_read_from_its_start_however_long_it_is(
    old: list[bool], new: list[bool], unread: int, begin: int
) -> None:
    log = counted(with_gaps(old, 1000))
    begin = min(begin, len(new))
    found = find(max(0, len(old) - unread), log, with_gaps(new, 1000), topic_id="b", begin=begin)
    assert found.change is not None
    assert (found.next_offset, found.log.topic_id, found.log.number, found.log.marks) == (begin, "b", 1, ())
    assert (found.change.kind, found.change.n_lost) == ("re-created", min(unread, len(old)) + begin)


def test_without_topic_ids_a_new_log_is_recognized_by_its_records() -> None:
    stored = counted([1000, 1001, 1002], topic_id="")
    assert find(3, stored, [1000, 1001, 1002, 1003], topic_id="").change is None
    for now in ([7000], [7000, 7001, 7002, 7003]):
        found = find(3, stored, list(now), topic_id="")
        assert (found.next_offset, found.log.number) == (0, 1)


def test_a_position_of_a_version_before_takes_over_the_id_of_the_topic() -> None:
    found = find(2, StoredLog(), [1000, 1001, 1002])
    assert (found.next_offset, found.log.topic_id, found.change) == (2, "a", None)
    assert find(99_999_999, StoredLog(), [1000, 1001, 1002]).next_offset == 0  # a position that cannot be


def test_a_position_survives_the_state_and_a_damaged_one_is_an_error() -> None:
    log = counted([1000, None, 1002])
    assert decode_log(encode_log(log)) == log
    assert decode_log(None) == StoredLog()
    with pytest.raises(StateError, match="cannot be read"):
        decode_log(b"\xc1")


def test_marks_stay_few() -> None:
    log = StoredLog()
    for offset in range(0, 1_000_000, 997):
        log = log.with_mark(offset, 0)
    assert len(log.marks) <= 21
    assert log.marks[-1] == Mark(offset, 0)
    assert list(log.marks) == sorted(log.marks)
