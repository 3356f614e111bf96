"""The producer asks the policy about time before it sends anything, and sorts a file of any size in bounded memory."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.event import Event
from producers.recorded.survey import PolicyDrops
from producers.recorded.time_sort import sort_by_time
from stream_app.core.windows.watermark import Watermark
from stream_app.errors import WriteError
from stream_app.policy import EventTime

POLICY = """
schema = 1
[[models]]
name = "mine"
topic = "mine-raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", out_of_orderness_s = 5 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
features = [{ name = "score", path = "score", minimum = 0, maximum = 100, is_required = false }]
"""
N = 200


def write(tmp_path: Path, offsets_s: list[float], scores: list[str] | None = None) -> Path:
    """Write a policy, and a file of decisions that were made so many seconds ago."""
    (tmp_path / "policy.toml").write_text(POLICY, "utf-8")
    now_s = int(time.time())
    rows = [
        f"{number},{datetime.fromtimestamp(now_s - offset_s, UTC).isoformat()},{'fm'[number % 2]},yes,{score}"
        for number, (offset_s, score) in enumerate(zip(offsets_s, scores or ["1"] * len(offsets_s), strict=True))
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["id,t,sex,ok,score", *rows]) + "\n", "utf-8")
    return tmp_path


def produce(folder: Path, *flags: str) -> tuple[int, list[dict[str, Any]], str]:
    """Return exit code, records and notes of a dry run."""
    command = [sys.executable, "-m", "stream_app", "produce", "csv", str(folder / "rows.csv"), "--dry-run", *flags]
    outcome = subprocess.run(
        [*command, "--policy", str(folder / "policy.toml")], capture_output=True, text=True, timeout=60, check=False
    )
    return outcome.returncode, [json.loads(line) for line in outcome.stdout.splitlines()], outcome.stderr


@pytest.mark.parametrize("order", ["newest first", "by id"])
def test_a_file_that_is_not_in_order_is_rejected_at_once_and_sent_with_sort(tmp_path: Path, order: str) -> None:
    offsets_s = [float(60 * number) for number in range(N)]
    if order == "by id":
        random.Random(7).shuffle(offsets_s)
    folder = write(tmp_path, offsets_s)
    code, records, notes = produce(folder)
    assert (code, records) == (2, [])
    assert f"of the {N} rows" in notes
    assert "are late, more than 5 s (out_of_orderness_s) behind a row before them" in notes
    assert "Nothing was sent. Give --sort" in notes
    code, records, _ = produce(folder, "--sort")
    assert code == 0
    assert [record["t"] for record in records] == sorted(record["t"] for record in records)
    assert len(records) == N


def test_rows_that_are_too_old_or_in_the_future_are_counted_apart_and_can_be_sent_anyway(tmp_path: Path) -> None:
    folder = write(tmp_path, [3000 * 86_400.0] * 3 + [-7200.0] * 2 + [60.0] * 4)
    for flags in ((), ("--sort",)):
        code, records, notes = produce(folder, *flags)
        assert (code, records) == (2, [])
        assert "drop 5 of the 9 rows" in notes
        assert "3 are older than 34,560,000 s (max_age_s); 2 are more than 300 s (max_future_s) in the future" in notes
        assert len(notes.splitlines()) == 1
    code, records, notes = produce(folder, "--allow-drops")
    assert (code, len(records)) == (0, 9)
    assert "drop 5 of the 9 rows" in notes


def test_a_file_in_order_within_the_tolerance_is_sent_as_it_is(tmp_path: Path) -> None:
    code, records, _ = produce(write(tmp_path, [100.0, 97.0, 99.0, 90.0, 93.0, 1.0]))
    assert (code, [record["id"] for record in records]) == (0, list("012345"))


def test_an_unreadable_value_of_an_optional_field_does_not_cost_the_decision(tmp_path: Path) -> None:
    folder = write(tmp_path, [60.0] * 5, ["1", "NA", "Exempt", "", "1,5"])
    (folder / "rows.csv").write_text((folder / "rows.csv").read_text("utf-8").replace("1,5", '"1,5"'), "utf-8")
    code, records, notes = produce(folder)
    assert (code, [record["score"] for record in records]) == (0, [1, None, None, None, None])
    assert "missing score: 3 not a number (see --decimal-comma and --thousands), 1 blank" in notes
    code, records, notes = produce(folder, "--missing", "na, Exempt", "--decimal-comma")
    assert [record["score"] for record in records] == [1, None, None, None, 1.5]
    assert notes.splitlines()[-1] == "  missing score: 3 blank"


def test_a_column_that_occurs_twice_is_an_error_only_if_it_is_used(tmp_path: Path) -> None:
    folder = write(tmp_path, [60.0])
    text = (folder / "rows.csv").read_text("utf-8")
    (folder / "rows.csv").write_text("".join(f"note,note,{line}\n" for line in text.splitlines()), "utf-8")
    assert produce(folder)[0] == 0
    (folder / "rows.csv").write_text("".join(f"{line},{line.split(',')[2]}\n" for line in text.splitlines()), "utf-8")
    code, _, notes = produce(folder)
    assert (code, "Column 'sex', for field 'sex', occurs twice" in notes) == (2, True)


@given(st.lists(st.integers(-3000, 3000), max_size=40), st.integers(0, 100), st.sampled_from([1, 10, 60]))
def test_late_rows_are_counted_as_a_worker_counts_them(
    times_s: list[int], out_of_orderness_s: int, pane_s: int
) -> None:
    event_time = EventTime(path="t", out_of_orderness_s=out_of_orderness_s, pane_s=pane_s)
    drops = PolicyDrops(event_time, now_ms=2900 * 1000)
    for time_s in times_s:
        drops.add(time_s * 1000 + 999)
    watermark = Watermark(pane_s, out_of_orderness_s)
    late = np.array(times_s, np.int64) < watermark.advance(np.array(times_s, np.int64), np.full(len(times_s), 2900))
    assert (drops.n_late, drops.n_dropped) == (late.sum(), late.sum())


events_of = st.lists(st.builds(Event, st.binary(max_size=4), st.binary(max_size=9), st.integers(-9, 9), st.booleans()))


@given(events_of, st.sampled_from([1, 700, 10_000]), st.integers(2, 4))
def test_sorting_is_stable_whatever_is_spilled(events: list[Event], run_bytes: int, max_runs: int) -> None:
    in_order = list(sort_by_time(iter(events), run_bytes=run_bytes, max_runs=max_runs))
    assert in_order == sorted(events, key=lambda event: event.time_ms)


def test_sorting_a_large_file_takes_the_memory_of_one_run() -> None:
    def events() -> Iterator[Event]:
        draw = random.Random(1)
        for number in range(40_000):
            yield Event(b"%d" % number, b"x" * 500, draw.randrange(10**9))

    tracemalloc.start()
    try:
        last = -1
        for event in sort_by_time(events(), run_bytes=1_000_000):
            assert event.time_ms >= last
            last = event.time_ms
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000  # of more than 32 million bytes


def test_a_full_temporary_folder_is_an_error_that_says_what_to_do() -> None:
    events = [Event(b"a", b"x" * 100, 1), Event(b"b", b"x" * 100, 0)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(WriteError, match=r"sort the rows: File too large\. .*TMPDIR"):
            list(sort_by_time(iter(events), run_bytes=1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
