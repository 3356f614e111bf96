"""The areas of a stream as ``fairstream allocate --live`` takes them, and its results as ``results`` shows them."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from typer.testing import CliRunner

from fairstream.testing import InMemoryPipeline
from producers.simulated.drift import parse_drift
from producers.simulated.hours.allocations import AREAS, simulate_allocations
from producers.timeline import Timeline
from stream_app.cli import app
from stream_app.cli.allocate.live import areas_of, newest_of
from stream_app.cli.show.hours import newest_hours, print_hours
from stream_app.errors import ConfigError
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from stream_app.pipeline.selection import select
from stream_app.policy import load_policy


@pytest.fixture(scope="module")
def results() -> list[AllocationResult]:
    pipeline = InMemoryPipeline("allocations")
    events = simulate_allocations(42, Timeline(1_795_449_600_000, 0.1), parse_drift("0@0,1@60s"))
    pipeline.send(itertools.islice(events, 1300))
    pipeline.close_windows()
    return pipeline.allocation_results()


def test_the_newest_window_is_taken_of_several_the_longest(results: list[AllocationResult]) -> None:
    policy = load_policy("allocations")
    assert newest_of(results, select(policy)).window == "1d"
    minute = newest_of(results, select(policy, window="1m"))
    assert minute.end_s == max(result.end_s for result in results if result.window == "1m")
    with pytest.raises(ConfigError, match="no result about hours is published"):
        newest_of([], select(policy))


def test_its_areas_are_those_of_a_file(results: list[AllocationResult]) -> None:
    minute = newest_of(results, select(load_policy("allocations"), window="1m"))
    areas = {area.name: area for area in areas_of(minute)}
    assert {name: float(area.population) for name, area in areas.items()} == {a.name: a.population for a in AREAS}
    assert {name: float(area.risk) for name, area in areas.items()} == {a.name: a.risk for a in AREAS}
    assert areas["Harbor"].hours > 0
    no_risk = msgspec.structs.replace(
        minute, areas=tuple(msgspec.structs.replace(area, risk=None) for area in minute.areas)
    )
    with pytest.raises(ConfigError, match="publishes no risk"):
        areas_of(no_risk)


def test_people_see_each_window_and_programs_a_line(
    results: list[AllocationResult], capsys: pytest.CaptureFixture[str]
) -> None:
    newest = newest_hours((result for result in results if result.window == "1m"), 1)
    print_hours(newest, as_json=False)
    text = capsys.readouterr().out
    assert "allocations, 1m: 2026-11-23 16:02:00 to 2026-11-23 16:03:00 UTC" in text
    assert "income_level, compared with Low" in text
    print_hours(newest, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out, type=AllocationResult) == newest[0]
    print_hours([], as_json=False)
    assert "No results" in capsys.readouterr().err


def test_the_newest_revision_counts(results: list[AllocationResult]) -> None:
    [first, *_] = [result for result in results if result.window == "1m"]
    revised = msgspec.structs.replace(first, revision=1)
    assert newest_hours([first, revised], 0) == [revised]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--total", "600"], "Give a file, or --live and no file"),
        (["areas.csv", "--live", "--total", "600"], "Give a file, or --live and no file"),
        (["--live", "--total", "600", "--policy", "loans"], "no model of kind 'allocations'"),
        (["--live", "--total", "600", "--window", "2h"], "No window '2h'"),
    ],
)
def test_invalid_flags_are_errors(arguments: list[str], words: str) -> None:
    outcome = CliRunner().invoke(app, ["allocate", *arguments])
    assert outcome.exit_code != 0
    assert words in str(outcome.exception)
