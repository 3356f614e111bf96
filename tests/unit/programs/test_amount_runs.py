"""What replays of amounts show: files, report, tables and comparisons, and nothing that isolates a few people."""

from __future__ import annotations

import csv
import io
import re
from functools import partial
from pathlib import Path

import msgspec
import pytest

from stream_app.cli.replay.selection import select_model
from stream_app.cli.replay.texts.amounts import list_amounts
from stream_app.errors import ConfigError, ReleaseRefusedError
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts, values_by_name
from stream_app.pipeline.disclosure.rows import csv_of, rows_of
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.export.open_metrics import open_metrics_of
from stream_app.pipeline.replay.ranges.run_request import RunId, RunRequest, manifest_of
from stream_app.pipeline.replay.scenarios.comparison import compare_runs, field_words
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_report
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, parse_settings, scenario_of
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.tables.amount_table import AmountGroupTable
from stream_app.pipeline.replay.tables.range_counts import count_range
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.programs.replay.count import amount_tables_of
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.programs.replay.release.tables import release_tables
from stream_app.programs.replay.run_files import load, save
from stream_app.render.report.page import write_report
from stream_app.settings import load_settings
from tests.support import judged_world
from tests.support.amount_runs import MODEL, POLICY, raw_partitions, run, sources_of
from tests.support.memory_logs import START_S

RANGE, LONGER = (TimeRange(START_S, START_S + n_hours * 3600) for n_hours in (4, 5))
WIDE = scenario_of(POLICY, MODEL, ScenarioSettings(parse_settings(["threshold.difference=60"])))


@pytest.fixture(scope="module")
def world() -> judged_world.World:
    """Return four hours of a hundred decisions about each group, and a few in the fifth."""
    raw = dict(enumerate(raw_partitions(1446, 40)))
    return judged_world.World(raw, PolicyBook([RegisteredPolicy(MODEL, MODEL.hash(), 0)]))


def former(folder: Path) -> FormerReleases:
    return FormerReleases(load_settings({}, state_dir=str(folder)), MODEL, MODEL.topic)


def released(
    folder: Path, world: judged_world.World, *others: Scenario, time_range: TimeRange = RANGE, is_exact: bool = False
) -> list[ScenarioResults]:
    scenarios = [original_scenario(MODEL), *others]
    return release_scenarios(former(folder), run(world, *others, time_range=time_range), scenarios, is_exact=is_exact)


def counted(
    folder: Path, world: judged_world.World, *names: str, time_range: TimeRange = RANGE
) -> list[AmountGroupTable]:
    counts, chosen = count_range(sources_of(world), time_range), [tuple(name.split("+")) for name in names]
    return release_tables(former(folder), counts, chosen, partial(amount_tables_of, MODEL, counts, chosen))


def total(results: ScenarioResults, attribute: str) -> dict[str, DisclosedAmounts]:
    [own] = [result for result in results.newest_totals() if result.attribute == attribute]
    return {group.group: group.amounts for group in own.groups if isinstance(group.amounts, DisclosedAmounts)}


def test_a_run_is_saved_with_a_report_of_means_and_read_again(tmp_path: Path, world: judged_world.World) -> None:
    judged = run(world, WIDE, time_range=RANGE)
    scenarios = [original_scenario(MODEL), WIDE]
    results = release_scenarios(former(tmp_path), judged, scenarios, is_exact=False)
    request = RunRequest(scenarios, RANGE, SourceChoice("raw", None))
    saved = save(tmp_path, RunId("r1", 0.0), request, judged, results)
    assert load(tmp_path, "r1").scenarios == results
    assert saved.manifest.consistency is None
    html = (saved.path / "report.html").read_text("utf-8")
    female = total(results[0], "sex")["f"]
    assert female.difference is not None
    assert f"{female.mean.value:.2f}" in html
    assert f"{female.difference.value:+.2f}" in html
    for text in ("sex: mean price less that of m", "Mean price of f is", "90% below", "within segments", ">limit +5<"):
        assert text in html
    text = re.sub(r"<[^>]*>|<style>.*?</style>", " ", html, flags=re.DOTALL)
    absent = r"approval rate|disparate impact|ratio, gap|consistency|undefined|CI none|\b(nan|None|inf)\b"
    assert not re.search(absent, text)
    assert "<td>difference of means</td><td>about +20</td>" in html


def test_a_report_in_which_every_group_is_hidden_has_no_rates_either(world: judged_world.World) -> None:
    judged = run(world, time_range=RANGE)
    hidden = disclose_report("original", judged.reports["original"], 10_000)
    request = RunRequest([original_scenario(MODEL)], RANGE, SourceChoice("raw", None))
    manifest = manifest_of(RunId("r1", 0.0), request, judged, [hidden])
    text = re.sub(r"<[^>]*>", " ", write_report(manifest, [hidden], MODEL))
    assert "90% below" in text
    assert "Mean price" not in text
    assert not re.search(r"approval rate| rate | ratio | gap ", text)


def test_rows_have_means_with_intervals_and_no_rates(tmp_path: Path, world: judged_world.World) -> None:
    [results] = released(tmp_path, world)
    rows = list(csv.DictReader(io.StringIO(csv_of(rows_of(results.results, scenario="original")))))
    assert not {"rate", "favorable", "gap", "amounts", "quantiles"} & set(rows[0])
    [row] = [
        row
        for row in rows
        if (row["attribute"], row["window"], row["group"]) == ("sex", TOTAL_WINDOW, "f")
        and row["end_s"] == str(results.newest_totals()[0].end_s)
    ]
    for name, value in values_by_name(total(results, "sex")["f"]).items():
        ends = [row[name], row[f"{name}_lower"], row[f"{name}_upper"]]
        assert [float(text) if text else None for text in ends] == [value.value, value.lower, value.upper]
    assert list(values_by_name(total(results, "sex")["f"])) == [
        *("mean", "mean_difference", "mean_ratio", "p50", "p50_difference", "p90", "p90_difference"),
    ]


def test_a_saved_run_has_the_series_of_live_metrics(tmp_path: Path, world: judged_world.World) -> None:
    text = "".join(open_metrics_of("r1", released(tmp_path, world)))
    for name in ("mean_amount", "mean_difference_amount_lower", "p50_amount", "p90_difference_amount"):
        assert re.search(rf'^fairstream_{name}{{.*attribute="sex".*group="f".*}} [\d.-]+ \d+$', text, re.MULTILINE), (
            name
        )


def test_a_comparison_shows_means_and_lost_alarms(tmp_path: Path, world: judged_world.World) -> None:
    original, wide = released(tmp_path, world, WIDE)
    compared = compare_runs(original, wide)
    of_female = {d.field: d.delta for d in compared.deltas if (d.attribute, d.group) == ("sex", "f")}
    assert of_female["mean"] == of_female["mean_difference"] == of_female["p90_difference"] == 0
    assert not {"rate", "gap", "disparate_impact_ratio"} & of_female.keys()
    assert {change.kind for change in compared.alerts} == {"lost"}
    assert field_words("p90_difference") == "90% below, difference"


def test_counts_have_the_means_of_a_run_of_the_same_range(tmp_path: Path, world: judged_world.World) -> None:
    [results] = released(tmp_path, world)
    by_sex, by_both = counted(tmp_path, world, "sex", "sex+age")
    of_run = total(results, "sex")
    for group in by_sex.groups:
        assert group.amounts is not None
        same = msgspec.structs.replace(of_run[group.group], cause=None)
        assert group.amounts == same
    assert sum(group.n or 0 for group in by_both.groups) == by_both.n == by_sex.n
    listing = list_amounts(by_sex)
    assert listing.title == "sex (reference: m; limit: 5)"
    female = listing.sections[0].rows[0]
    assert (female[0], str(female[4])[0]) == ("f", "+")


def test_counts_withhold_small_groups_and_what_would_isolate_few_people(
    tmp_path: Path, world: judged_world.World
) -> None:
    [first] = counted(tmp_path, world, "sex")
    assert [group.hidden for group in first.groups] == [None] * 4
    with pytest.raises(ReleaseRefusedError):
        counted(tmp_path, world, "sex", time_range=LONGER)
    longer, by_age = counted(tmp_path, world, "sex", "age", time_range=LONGER)
    assert [group.hidden for group in by_age.groups] == [None, None]
    assert {(group.n, group.amounts) for group in longer.groups} == {(None, None)}
    assert {group.hidden for group in longer.groups} == {"withheld"}
    assert "withheld, as fewer than 10 people would follow" in " ".join(list_amounts(longer).captions)
    assert counted(tmp_path, world, "sex") == [first]
    [last_hour] = counted(tmp_path / "other", world, "sex", time_range=TimeRange(RANGE.to_s, LONGER.to_s))
    assert {(group.n, group.amounts, group.hidden) for group in last_hour.groups} == {(None, None, "small_cell")}


def test_a_run_that_is_a_little_longer_than_the_last_is_withheld(tmp_path: Path, world: judged_world.World) -> None:
    [first] = released(tmp_path, world)
    [second] = released(tmp_path, world, time_range=LONGER)
    assert total(first, "sex").keys() == {"f", "m", "unknown", "__other__"}
    assert total(second, "sex") == {}
    assert released(tmp_path, world) == [first]
    [exact] = released(tmp_path, world, time_range=LONGER, is_exact=True)
    assert len(total(exact, "sex")) == 4


@pytest.mark.parametrize("name", [None, "m"])
def test_a_command_about_rates_says_what_to_do_instead(name: str | None) -> None:
    with pytest.raises(ConfigError, match="The decision of 'm' is an amount; this command compares approval") as error:
        select_model(POLICY, name)
    assert "replay run" in str(error.value.action)
