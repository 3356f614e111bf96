"""Drift and rate that change while a stream is sent: the new setting applies at once, and what is invalid never."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.event import Event
from producers.pacing import pace_by_time
from producers.simulated.control import ControlFile, StreamSetting, steer_loans
from producers.simulated.drift import parse_drift
from producers.simulated.loans import releases, simulate_loans
from producers.timeline import Timeline

LINE = Timeline(1_795_449_600_000, 0.01)


def rates(events: list[Event]) -> dict[str, float]:
    n, approved = Counter[str](), Counter[str]()
    for event in events:
        value = json.loads(event.value)
        n[value["gender"]] += 1
        approved[value["gender"]] += value["approved"]
    return {gender: approved[gender] / n[gender] for gender in n}


def test_without_a_setting_it_is_the_simulated_stream_byte_for_byte() -> None:
    plain = simulate_loans(7, LINE, parse_drift("0@0,0.8@10s"), releases())
    steered = steer_loans(7, LINE, parse_drift("0@0,0.8@10s"), lambda: None, releases())
    assert list(islice(steered, 9000)) == list(islice(plain, 9000))


def test_a_setting_applies_from_the_next_event_on() -> None:
    setting: StreamSetting | None = None
    stream = steer_loans(7, LINE, parse_drift("0@0,0.8@10s"), lambda: setting, releases())
    first = list(islice(stream, 500))
    setting = StreamSetting(1.0, 50.0)
    second = list(islice(stream, 6000))
    setting = StreamSetting(0.0, 50.0)
    third = list(islice(stream, 6000))
    assert second[0].time_ms - first[-1].time_ms == 10
    assert second[2].time_ms - second[0].time_ms == 40
    assert rates(second)["female"] == pytest.approx(0.30, abs=0.03)
    assert rates(third)["female"] == pytest.approx(0.70, abs=0.03)
    events = [*first, *second, *third]
    assert len({event.key for event in events}) == len(events)
    times = [event.time_ms for event in events]
    assert times == sorted(times)
    values = [json.loads(event.value) for event in events]
    assert [values[i]["model_version"] for i in (0, 500, -1)] == ["1", "3", "4"]
    races = {(value["applicant_id"], value["race"]) for value in values}
    assert len(races) == len({person for person, _ in races})  # the same people in each part


def test_the_same_settings_at_the_same_events_give_the_same_bytes() -> None:
    def run() -> list[Event]:
        asked = iter(range(10_000))
        return list(
            islice(steer_loans(3, LINE, parse_drift("0"), lambda: StreamSetting(next(asked) // 100 % 2, 100.0)), 500)
        )

    assert run() == run()


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1.0  # each reading checks the file
        return self.now_s


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"drift_level": 0.5}',
        '{"drift_level": -0.1, "rate": 500}',
        '{"drift_level": 1.1, "rate": 500}',
        '{"drift_level": NaN, "rate": 500}',
        '{"drift_level": 0.5, "rate": 0}',
        '{"drift_level": 0.5, "rate": 1e400}',
        '{"drift_level": 0.5, "rate": 1000001}',
        '{"drift_level": "0.5", "rate": 500}',
        '{"drift_level": 0.5, "rate": 500, "seed": 1}',
        '{"drift_level": true, "rate": 500}',
        "\x00\x00",
    ],
)
def test_what_is_invalid_changes_nothing_and_is_logged_once(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "stream.json"
    control = ControlFile(path, Clock())
    assert control.setting() is None
    path.write_text('{"drift_level": 0.25, "rate": 100}', "utf-8")
    valid = StreamSetting(0.25, 100.0)
    assert control.setting() == valid
    path.write_text(text, "utf-8")
    assert [control.setting() for _ in range(3)] == [valid] * 3
    assert len([record for record in caplog.records if "control file ignored" in record.message]) == 1
    path.unlink()
    assert control.setting() == valid


@given(st.binary(max_size=300))
def test_no_content_of_the_file_ends_the_stream(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("control") / "stream.json"
    path.write_bytes(content)
    ControlFile(path, Clock()).setting()


def test_a_folder_a_pipe_and_a_huge_file_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(50_000_000)
    for name in ("folder", "pipe", "huge"):
        assert ControlFile(tmp_path / name, Clock()).setting() is None


def test_the_file_is_read_five_times_a_second_at_most(tmp_path: Path) -> None:
    path = tmp_path / "stream.json"
    times = iter([0.0, 0.0, 0.0, 0.1, 0.2, 0.2])
    control = ControlFile(path, lambda: next(times))
    assert control.setting() is None
    path.write_text('{"drift_level": 1, "rate": 1}', "utf-8")
    assert control.setting() is None
    assert control.setting() is not None


def test_each_item_is_sent_when_its_time_has_come_and_what_is_overdue_at_once() -> None:
    now_s = 10.0
    taken: list[tuple[float, float]] = []

    def items() -> Iterator[float]:
        for number in range(2000):
            time_s = 9.0 + number / 200
            taken.append((now_s, time_s))
            yield time_s

    def wait(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    sent = [(now_s, time_s) for run in pace_by_time(items(), float, now=lambda: now_s, wait=wait) for time_s in run]
    assert [time_s for _, time_s in sent] == [time_s for _, time_s in taken]
    assert sum(at_s == 10.0 for at_s, _ in sent) >= 200
    late_s = [at_s - time_s for at_s, time_s in sent if time_s > 10.0]
    assert min(late_s) >= 0
    assert max(late_s) < 0.05
    early_s = [time_s - at_s for at_s, time_s in taken]
    assert max(early_s) < 0.03  # decided just before it is due


def test_who_interrupts_the_wait_gets_the_next_run() -> None:
    runs = pace_by_time([5.0, 6.0], float, now=lambda: 0.0, wait=lambda _: None)
    assert list(runs) == [[5.0], [6.0]]
