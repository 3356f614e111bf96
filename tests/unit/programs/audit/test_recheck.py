"""A topic that was rewritten, cut or re-ordered since the log has read it; all of a thousand changes are found."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from stream_app.core.audit.blocks import FORMAT, RecordBlock
from stream_app.pipeline.replay.source_log import SourceLog, SourcePlace
from stream_app.programs.audit.recheck import RecordReport, recheck_partition
from stream_app.programs.audit.topics import read_blocks
from tests.support.memory_logs import MemoryLog, MemoryRecord

START_MS = 1_796_040_000_000


def topic(records: list[tuple[int, bytes | None]], begin: int = 0) -> SourceLog:
    """Return a topic in memory with one partition, of records with their timestamps."""
    log = [MemoryRecord(SourcePlace(0, offset), value, time_ms) for offset, (time_ms, value) in enumerate(records)]
    return MemoryLog("decisions", {0: log}, {0: begin})


def records(n: int = 200) -> list[tuple[int, bytes | None]]:
    return [(START_MS + number * 2500, b'{"approved":%d,"id":%d}' % (number % 2, number)) for number in range(n)]


def committed(source: SourceLog, *, is_provable: bool) -> list[RecordBlock]:
    return [
        RecordBlock(
            format=FORMAT, topic="decisions", topic_id="t", partition=0,
            first_offset=block.first_offset, next_offset=block.next_offset,
            n=len(block.offsets), last_ms=int(block.timestamps_ms[-1]),
            **dict(zip(("places", "values", "root"), block.hashes(), strict=True)),
            model="m", policy_hash="p", code_version="v",
        )
        for block in read_blocks(source, 0, 0, is_provable=is_provable)
    ]  # fmt: skip


def recheck(source: SourceLog, blocks: list[RecordBlock]) -> RecordReport:
    report = RecordReport()
    recheck_partition(source, 0, blocks, report)
    return report


BLOCKS = committed(topic(records()), is_provable=True)
TOGETHER = committed(topic(records()), is_provable=False)


def test_a_topic_as_it_was_is_right_also_after_it_has_grown() -> None:
    assert len(BLOCKS) > 5
    assert recheck(topic(records()), BLOCKS) == RecordReport(len(BLOCKS))
    assert recheck(topic(records(300)), BLOCKS) == RecordReport(len(BLOCKS))
    assert recheck(topic(records(300)), TOGETHER) == RecordReport(len(BLOCKS))


def test_records_that_expired_are_counted_and_not_called_changed() -> None:
    begin = BLOCKS[2].first_offset + 1
    assert recheck(topic(records(), begin), BLOCKS) == RecordReport(len(BLOCKS) - 3, 3)


Records = list[tuple[int, bytes | None]]


def change_value(made: Records, place: int) -> None:
    time_ms, value = made[place]
    assert value is not None
    made[place] = (time_ms, value.replace(b"0", b"1", 1) if b"0" in value else value.replace(b"1", b"0", 1))


def change_time(made: Records, place: int) -> None:
    made[place] = (made[place][0] + 1, made[place][1])


def swap(made: Records, place: int) -> None:
    made[place], made[place - 1] = (made[place][0], made[place - 1][1]), (made[place - 1][0], made[place][1])


def remove(made: Records, place: int) -> None:
    del made[place]


def insert(made: Records, place: int) -> None:
    made.insert(place, made[place])


def cut(made: Records, place: int) -> None:
    del made[place:]


def erase(made: Records, place: int) -> None:
    made[place] = (made[place][0], None)


@pytest.mark.parametrize("change", [change_value, change_time, swap, remove, insert, cut, erase])
def test_every_change_is_found(change: Callable[[Records, int], None]) -> None:
    generator = random.Random(11)
    for _ in range(150):
        made = records()
        change(made, generator.randrange(1, len(made)))
        assert recheck(topic(made), BLOCKS).differing
        assert recheck(topic(made), TOGETHER).differing
