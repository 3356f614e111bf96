"""A verification of an audit log: what of every change to it is detected, and as what."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest

from stream_app.core.audit.checkpoints import sign_checkpoint
from stream_app.edges.audit.reading import existing_segments, has_entries
from stream_app.errors import ConfigError, DamagedLogError
from stream_app.programs.audit.places import create_log, log_folder
from stream_app.programs.audit.verify import Verdict, read_given
from stream_app.settings import Settings
from tests.support.audit_changes import CHANGES, STRANGER, rewrite
from tests.support.audit_logs import KEY, WrittenLog, write_log


@pytest.fixture
def log(tmp_path: Path) -> WrittenLog:
    return write_log(tmp_path / "audit")


def test_a_log_as_it_was_written_is_right(log: WrittenLog) -> None:
    report = log.verify(*(signed.checkpoint for signed in log.kept))
    assert report.verdict is Verdict.RIGHT
    assert report.n_entries == report.n_signed == log.kept[-1].checkpoint.size
    assert len(log.segments) > 3


def test_entries_after_the_newest_checkpoint_are_right_and_not_signed(log: WrittenLog) -> None:
    lines = log.checkpoints.read_bytes().splitlines(keepends=True)
    log.checkpoints.write_bytes(b"".join(lines[:-1]))
    report = log.verify()
    assert (report.verdict, report.n_signed) == (Verdict.UNSIGNED, log.kept[-2].checkpoint.size)


@pytest.mark.parametrize("name", CHANGES)
def test_each_kind_of_change_is_detected_as_what_it_is(log: WrittenLog, name: str) -> None:
    change, verdict = CHANGES[name]
    change(log)
    report = log.verify()
    assert report.verdict is verdict, report
    assert report.reason


def test_the_first_wrong_entry_and_its_line_are_named(log: WrittenLog) -> None:
    path = log.segments[1]
    lines = path.read_bytes().splitlines(keepends=True)
    seq = json.loads(lines[2])["seq"]
    lines[2] = lines[2].replace(b'"actor":"tests"', b'"actor":"other"')
    path.write_bytes(b"".join(lines))
    report = log.verify()
    place = f"{path.parent.name}/{path.name}:3"
    assert (report.verdict, report.first_bad, report.place) == (Verdict.TAMPERED, seq, place)


def test_a_line_of_any_bytes_is_tampering(log: WrittenLog) -> None:
    path = log.segments[1]
    good = path.read_bytes().splitlines(keepends=True)
    for line in (b"\n", b"\xff\n", b'"\xff"\n', b"[" * 100_000 + b"\n", b"{}\n", b'{"seq":1e400}\n'):
        for number in (0, 2):
            path.write_bytes(b"".join([*good[:number], line, *good[number + 1 :]]))
            assert log.verify().verdict is Verdict.TAMPERED


def test_a_flipped_bit_anywhere_is_detected(log: WrittenLog) -> None:
    generator = random.Random(7)
    files = [*log.segments, log.checkpoints]
    for _ in range(400):
        path = generator.choice(files)
        good = path.read_bytes()
        place = generator.randrange(len(good) * 8)
        flipped = bytearray(good)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            assert log.verify().verdict in (Verdict.TAMPERED, Verdict.CUT), (path, place)
        except DamagedLogError:
            assert path == log.checkpoints
        path.write_bytes(good)
    assert log.verify().verdict is Verdict.RIGHT


def test_a_log_that_was_rewritten_without_the_key_is_detected(log: WrittenLog) -> None:
    rewrite(log, STRANGER)
    with pytest.raises(DamagedLogError, match="not signed by"):
        log.verify()
    log.checkpoints.unlink()
    assert log.verify().verdict is Verdict.UNSIGNED  # nothing is left to compare it with, but
    for signed in log.kept[1:]:
        report = log.verify(signed.checkpoint)
        assert (report.verdict, report.reason) == (
            Verdict.TAMPERED,
            f"entries 0 to {signed.checkpoint.size - 1} are not those of the checkpoint kept",
        )


def test_a_log_that_its_own_operator_rewrote_is_detected_from_one_old_checkpoint(log: WrittenLog) -> None:
    rewrite(log, KEY)
    assert log.verify().verdict is Verdict.RIGHT  # by itself
    assert log.verify(log.kept[0].checkpoint).verdict is Verdict.RIGHT  # of before the change
    for signed in log.kept[1:]:
        assert log.verify(signed.checkpoint).verdict is Verdict.TAMPERED


def test_a_torn_entry_under_no_checkpoint_is_no_tampering(log: WrittenLog) -> None:
    with log.segments[-1].open("ab") as file:
        file.write(b'{"actor":"tes')
    report = log.verify()
    assert (report.verdict, report.n_torn) == (Verdict.RIGHT, 13)


def test_a_folder_without_a_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no audit log"):
        WrittenLog(tmp_path).verify()


def test_a_new_log_and_one_whose_entries_are_gone_are_not_called_missing(log: WrittenLog, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(Settings(), state_dir=str(tmp_path / "new"))
    create_log(settings, "test/log")
    with pytest.raises(ConfigError, match="has no entry yet"):
        existing_segments(log_folder(settings))
    assert not has_entries(log_folder(settings))
    for segment in log.segments:
        segment.unlink()
    with pytest.raises(DamagedLogError, match="its entries are gone"):
        log.verify()
    assert has_entries(log.folder)


def test_checkpoints_that_somebody_kept_are_read_as_a_note_and_as_a_file(log: WrittenLog, tmp_path: Path) -> None:
    note = tmp_path / "checkpoint.txt"
    note.write_bytes(log.kept[2].note.encode())
    assert [known.checkpoint for known in read_given(note, KEY.verifier_key())] == [log.kept[2].checkpoint]
    assert len(read_given(log.checkpoints, KEY.verifier_key())) == len(log.kept)
    for content in (b"", b"garbage", b'"garbage"\n', sign_checkpoint(log.kept[2].checkpoint, STRANGER).note.encode()):
        note.write_bytes(content)
        with pytest.raises(ConfigError, match="not a checkpoint of this log"):
            read_given(note, KEY.verifier_key())
    with pytest.raises(ConfigError, match="Cannot read"):
        read_given(tmp_path / "missing", KEY.verifier_key())
