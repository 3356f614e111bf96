"""The writer of an audit log: batches, segments, several processes, and what a crash leaves."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from stream_app.core.audit.entries import NewEntry
from stream_app.core.audit.merkle import leaf_hash
from stream_app.edges.audit.checkpoint_file import CheckpointFile
from stream_app.edges.audit.log import CHECKPOINT_ENTRIES, AuditLog
from stream_app.edges.audit.segments import list_segments
from stream_app.errors import ConfigError
from tests.support.audit_logs import KEY, Clock, numbered
from tests.support.log_folders import is_signed, lines_of, numbers_of


def test_entries_are_chained_in_a_folder_for_each_day(
    folder: Path, open_log: Callable[..., AuditLog], clock: Clock
) -> None:
    log = open_log()
    receipts = log.append(numbered(0, 3))
    clock.now_s += 86_400
    log.append(numbered(3, 5))
    assert [path.relative_to(folder).as_posix() for path in sorted(folder.glob("date=*/*"))] == [
        "date=2026-11-30/seg-000000.jsonl",
        "date=2026-12-01/seg-000001.jsonl",
    ]
    lines = lines_of(folder)
    previous = "0" * 64
    for line in lines:
        assert json.loads(line)["prev"] == previous
        previous = sha256(b"\x00" + line).hexdigest()
    first = receipts[0]
    assert first is not None
    assert first.leaf == leaf_hash(lines[first.seq])
    assert numbers_of(folder) == [0, 1, 2, 3, 4]
    assert is_signed(folder)  # before the second segment began


def test_everything_is_for_its_owner_alone(folder: Path, open_log: Callable[..., AuditLog]) -> None:
    log = open_log()
    log.append(numbered(0, 1))
    log.checkpoint()
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_checkpoint_comes_after_256_entries_or_ten_seconds(
    folder: Path, open_log: Callable[..., AuditLog], clock: Clock
) -> None:
    log, checkpoints = open_log(), CheckpointFile(folder / "checkpoints.jsonl")
    log.append(numbered(0, CHECKPOINT_ENTRIES - 2))
    assert checkpoints.read() == []
    log.append(numbered(0, 1))
    assert [signed.checkpoint.size for signed in checkpoints.read()] == [CHECKPOINT_ENTRIES]
    log.append(numbered(0, 1))
    clock.now_s += 9.9
    log.checkpoint_if_due()
    assert len(checkpoints.read()) == 1
    clock.now_s += 0.2
    log.checkpoint_if_due()
    log.checkpoint_if_due()
    assert [signed.checkpoint.size for signed in checkpoints.read()] == [CHECKPOINT_ENTRIES, CHECKPOINT_ENTRIES + 1]
    assert is_signed(folder)


def test_a_log_continues_after_a_restart(folder: Path, open_log: Callable[..., AuditLog]) -> None:
    for start in range(0, 40, 4):
        open_log(max_segment_bytes=1500).append(numbered(start, start + 4))
    assert numbers_of(folder) == list(range(40))
    assert len(list_segments(folder)) > 3
    open_log().checkpoint()
    assert is_signed(folder)


def test_two_writers_alternate_without_a_fork(folder: Path, open_log: Callable[..., AuditLog]) -> None:
    first, second = open_log(max_segment_bytes=2000), open_log(max_segment_bytes=2000)
    for start in range(0, 30, 2):
        first.append(numbered(start, start + 1))
        second.append(numbered(start + 1, start + 2))
    assert numbers_of(folder) == list(range(30))
    first.checkpoint()
    second.checkpoint()
    assert is_signed(folder)


def test_a_writer_that_waits_too_long_for_another_is_an_error(
    folder: Path, open_log: Callable[..., AuditLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_app.edges.audit.log.LOCK_S", 0.1)
    first, second = open_log(), open_log()
    with first._turn(), pytest.raises(ConfigError, match="Another process is writing"):
        second.append(numbered(0, 1))
    second.append(numbered(0, 1))
    assert numbers_of(folder) == [0]


def test_the_same_record_gives_one_entry_also_after_restarts_and_in_new_segments(
    folder: Path, open_log: Callable[..., AuditLog], clock: Clock
) -> None:
    assert None not in open_log().append(numbered(0, 5, log="alerts"))
    assert open_log().append(numbered(3, 6, log="alerts"))[:2] == [None, None]
    clock.now_s += 86_400
    log = open_log()
    log.append([NewEntry(type="tick", actor="tests", data={})])  # a segment without any of them
    clock.now_s += 86_400
    log = open_log()
    log.append(numbered(0, 9, log="alerts"))
    log.append(numbered(8, 10, log="others"))
    assert numbers_of(folder) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9]
    assert open_log().positions() == {"alerts": 8, "others": 9}


def test_positions_of_many_logs_survive_a_new_segment(open_log: Callable[..., AuditLog], clock: Clock) -> None:
    names = [f"topic-{number}/{'x' * 40}" for number in range(1500)]
    open_log().append([entry for name in names for entry in numbered(7, 8, log=name)])
    for _ in range(2):
        clock.now_s += 86_400
        open_log().append(numbered(0, 1))
    assert open_log().positions() == dict.fromkeys(names, 7)


@pytest.mark.parametrize("n_cut", [1, 2, 50])
def test_a_torn_entry_is_set_aside_and_said(folder: Path, open_log: Callable[..., AuditLog], n_cut: int) -> None:
    open_log().append(numbered(0, 3))
    path = folder / list_segments(folder)[0].name
    before = path.read_bytes()
    path.write_bytes(before[:-n_cut])
    open_log().append(numbered(3, 4))
    assert numbers_of(folder) == [0, 1, 3]
    (torn,) = folder.glob("date=*/*.torn-*")
    left = before[before[:-1].rindex(b"\n") + 1 : -n_cut]
    assert torn.read_bytes() == left
    recovery = next(entry for entry in map(json.loads, lines_of(folder)) if entry["type"] == "recovery")
    assert recovery["data"] == {"n_bytes": len(left), "sha256": sha256(left).hexdigest(), "file": torn.name}


@pytest.mark.parametrize("content", [b"", b'{"actor":"fairstr'])
@pytest.mark.parametrize("n_before", [0, 3])
def test_a_segment_that_a_crash_left_without_an_entry_is_set_aside(
    folder: Path, open_log: Callable[..., AuditLog], clock: Clock, content: bytes, n_before: int
) -> None:
    if n_before:
        open_log().append(numbered(0, n_before))
        clock.now_s += 86_400
    date = "2026-12-01" if n_before else "2026-11-30"
    path = AuditLog(folder, KEY).folder / f"date={date}/seg-00000{int(n_before > 0)}.jsonl"
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(content)
    open_log().append(numbered(n_before, 5))
    assert numbers_of(folder) == list(range(5))
    assert len(list(folder.glob("date=*/*.torn-*"))) == 1


def test_a_clock_that_goes_back_begins_no_older_day(
    folder: Path, open_log: Callable[..., AuditLog], clock: Clock
) -> None:
    log = open_log()
    log.append(numbered(0, 1))
    clock.now_s -= 3 * 86_400
    log.append(numbered(1, 2))
    assert [segment.date for segment in list_segments(folder)] == ["2026-11-30"]
