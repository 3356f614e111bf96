"""Decisions in the state folder: none twice and none missing, however a writer ends; for their owner alone."""

from __future__ import annotations

import os
import signal
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.audit.decision_store import DecisionStore, StoredEvent
from stream_app.errors import ConfigError, WriteError

pytest.importorskip("pyarrow")
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def row(offset: int) -> dict[str, Any]:
    return {
        "request_id": f"r{offset}", "time": AT, "model": "loans", "version": None, "prediction": "true",
        "probability": 0.5, "latency_ms": None, "anomaly_score": None, "explanation": None, "features": "{}",
        "topic": "t", "partition": 0, "offset": offset, "event": b'{"n":%d}' % offset,
    }  # fmt: skip


def days(first: int, n: int) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return rows of two models on two days."""
    return {
        (model, f"2026-11-{day}"): [row(offset) for offset in range(first, first + n) if offset % 2 == day % 2]
        for model in ("loans", "a/b")
        for day in (29, 30)
    }


def offsets(store: DecisionStore, model: str = "loans", first: str = "", last: str = "9") -> list[int]:
    return [one.offset for one in store.read(model, first, last)]


@pytest.fixture
def store(tmp_path: Path) -> DecisionStore:
    return DecisionStore(tmp_path)


def test_what_was_stored_is_read_by_model_and_day(store: DecisionStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="audit record --decisions"):
        offsets(store)
    with store.writer():
        store.append(days(0, 4), {"t/i/0": 4})
        store.append(days(4, 2), {"t/i/0": 6})
    assert (offsets(store), offsets(store, "a/b")) == ([1, 3, 5, 0, 2, 4], [1, 3, 5, 0, 2, 4])
    assert offsets(store, first="2026-11-30") == [0, 2, 4]
    assert offsets(store, last="2026-11-29") == [1, 3, 5]
    assert offsets(store, "other") == []
    assert store.committed().positions == {"t/i/0": 6}
    assert next(store.read("loans", "", "9")) == StoredEvent(topic="t", partition=0, offset=1, event=b'{"n":1}')
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "decisions").rglob("*")}
    assert modes == {True: 0o700, False: 0o600}
    assert {path.name for path in (tmp_path / "decisions").glob("model=*")} == {"model=loans", "model=a%2Fb"}


def test_days_before_a_day_are_deleted_and_not_read_again(store: DecisionStore, tmp_path: Path) -> None:
    with store.writer():
        store.append(days(0, 4), {"t/i/0": 4})
        store.append(days(4, 2), {"t/i/0": 6})
    assert store.days_before("2026-11-29") == []
    strange = tmp_path / "decisions" / "model=loans" / "date=0000"
    strange.mkdir()
    both = [(day.model, day.date, day.n_files) for day in store.days_before("2026-11-30")]
    assert both == [("a/b", "2026-11-29", 2), ("loans", "2026-11-29", 2)]
    [of_one] = store.days_before("2026-11-30", "a/b")
    assert of_one.n_bytes == sum(path.stat().st_size for path in of_one.folder.iterdir()) > 0
    store.delete([of_one])
    assert (offsets(store), offsets(store, "a/b")) == ([1, 3, 5, 0, 2, 4], [0, 2, 4])
    store.delete(store.days_before("9999-12-31"))
    assert (offsets(store), offsets(store, "a/b")) == ([], [])
    assert store.committed().positions == {"t/i/0": 6}
    assert strange.exists()
    with store.writer():
        store.append(days(6, 2), {"t/i/0": 8})
    assert offsets(store) == [7, 6]
    assert store.days_before("9999-12-31", "*") == []


def test_a_reader_goes_on_when_a_later_day_is_deleted_while_it_reads(store: DecisionStore) -> None:
    with store.writer():
        store.append(days(0, 4), {"t/i/0": 4})
    reading = store.read("loans", "", "9")
    assert next(reading).offset == 1
    store.delete([day for day in store.days_before("9999-12-31", "loans") if day.date == "2026-11-30"])
    assert [one.offset for one in reading] == [3]


def test_a_link_in_the_place_of_a_day_is_not_followed(store: DecisionStore, tmp_path: Path) -> None:
    with store.writer():
        store.append(days(0, 2), {})
    [day, *_] = store.days_before("9999-12-31", "loans")
    day.folder.rename(tmp_path / "elsewhere")
    day.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteError, match="Cannot write"):
        store.delete([day])
    assert len([*(tmp_path / "elsewhere").iterdir()]) == 1


def test_other_tools_read_the_columns(store: DecisionStore, tmp_path: Path) -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    with store.writer():
        store.append(days(0, 4), {})
    table = dataset.dataset(tmp_path / "decisions" / "model=loans", format="parquet").to_table()
    assert sorted(table.column("offset").to_pylist()) == [0, 1, 2, 3]
    assert table.column("time").to_pylist()[0] == AT


def test_one_process_writes_at_a_time(store: DecisionStore) -> None:
    with store.writer(), pytest.raises(ConfigError, match="Another process"), store.writer():
        raise AssertionError


def test_a_part_that_was_not_committed_does_not_count_and_is_removed(store: DecisionStore, tmp_path: Path) -> None:
    with store.writer():
        store.append(days(0, 4), {"t/i/0": 4})
        committed = (tmp_path / "decisions" / "committed.json").read_bytes()
        store.append(days(4, 4), {"t/i/0": 8})
    (tmp_path / "decisions" / "committed.json").write_bytes(committed)  # as if it had been killed before
    assert sorted(offsets(store)) == [0, 1, 2, 3]
    with store.writer():
        assert len(list((tmp_path / "decisions").rglob("*.parquet"))) == 4
        store.append(days(4, 1), {"t/i/0": 5})
    assert sorted(offsets(store)) == [0, 1, 2, 3, 4]


def test_a_writer_that_is_killed_at_any_moment_doubles_and_loses_nothing(tmp_path: Path) -> None:
    store = DecisionStore(tmp_path)
    for number in range(20):
        progress, written = os.pipe()
        child = os.fork()
        if child == 0:
            _write_until_killed(store, written)
        os.close(written)
        for _ in range(number % 3):  # parts that it has written; with none, it may be killed before it begins
            assert os.read(progress, 1)
        signal.sigtimedwait([], 0.017 * (number % 7))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(progress)
        assert os.WIFSIGNALED(status)
        n = store.committed().positions.get("t/i/0", 0)
        if n:
            assert sorted(offsets(store)) == list(range(n))
    assert store.committed().positions["t/i/0"] >= 3 * (6 + 2 * 6)


def _write_until_killed(store: DecisionStore, written: int) -> None:
    try:
        with store.writer():
            while True:
                first = store.committed().positions.get("t/i/0", 0)
                store.append(days(first, 3), {"t/i/0": first + 3})
                os.write(written, b".")
    finally:
        os._exit(1)


def test_what_others_can_read_or_is_damaged_is_an_error(store: DecisionStore, tmp_path: Path) -> None:
    with store.writer():
        store.append(days(0, 4), {"t/i/0": 4})
    parts = sorted((tmp_path / "decisions").rglob("model=loans/**/*.parquet"))
    parts[0].chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        offsets(store)
    parts[0].chmod(0o600)
    parts[0].write_bytes(parts[0].read_bytes()[:-7])
    with pytest.raises(ConfigError, match="not a part"):
        offsets(store)
    (tmp_path / "decisions" / "committed.json").write_bytes(b"{}x")
    with pytest.raises(ConfigError, match="not one of this version"):
        store.committed()


def test_a_full_disk_adds_nothing(store: DecisionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.writer():
        store.append(days(0, 4), {"t/i/0": 4})

    def full(*_: Any, **__: Any) -> None:
        raise WriteError("Cannot write (No space left on device)")

    monkeypatch.setattr("stream_app.edges.audit.decision_store.write_file", full)
    with pytest.raises(WriteError), store.writer():
        store.append(days(4, 4), {"t/i/0": 8})
    assert sorted(offsets(store)) == [0, 1, 2, 3]
