"""What replays may show one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourceProgress
from stream_app.errors import PolicyError, ReleaseRefusedError
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.disclosure.rules import Hidden
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import ORIGINAL, Scenario, original_scenario, scenario_under
from stream_app.pipeline.replay.search.results import AlternativeValues, PairValues, SearchResult
from stream_app.pipeline.replay.tables.group_table import GroupTable
from stream_app.pipeline.replay.tables.range_counts import RangeCounts
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.replay.release import release_scenarios, release_search, release_tables
from stream_app.settings import load_settings
from tests.support.small_streams import PANE_S, SOURCES, SmallStream, small_model

MODEL = small_model({"60s": 60})
GENDER, RACE = (msgspec.to_builtins(attribute) for attribute in MODEL.attributes)
STREAM = SmallStream(MODEL, 13, 400, 5, has_unknown=False)
STREAM.panes[0] = {code: [1] for code in list(STREAM.panes[0])[:5]}  # few people in the first ten seconds
STREAM.panes[12] = STREAM.panes[0]


def replayed(n_panes: int, first: int = 0) -> ModelReport:
    """Return the report of a replay of some panes of the stream."""
    judge = ModelJudge(MODEL, "h", {})
    judge.take(SOURCES[0], 1, SourceProgress(0, None, None, is_idle=False, first_offset=0), {})
    panes = {number * PANE_S: STREAM.panes[number] for number in range(first, n_panes)}
    judge.take(SOURCES[0], 1, SourceProgress(1, n_panes * PANE_S, None, is_idle=False, first_offset=0), panes)
    judge.advance_to(n_panes * PANE_S, n_panes * PANE_S)
    report = judge.flush(is_end=True)[0]
    report.results = [r for r in report.results if r.window == "total" or r.start_s >= first * PANE_S]
    return report


def released(
    folder: Path, report: ModelReport, *others: tuple[Scenario, ModelReport], is_exact: bool = False
) -> list[ScenarioResults]:
    """Return what a replay shows."""
    scenarios = [original_scenario(MODEL), *(scenario for scenario, _ in others)]
    reports = {ORIGINAL: report} | {scenario.name: of_scenario for scenario, of_scenario in others}
    run = RangeRun(reports, {}, {}, 0, Dispositions())
    settings = load_settings({}, state_dir=str(folder))
    return release_scenarios(settings, run, scenarios, MODEL.topic, is_exact=is_exact)


def shown(folder: Path, report: ModelReport, *others: tuple[Scenario, ModelReport]) -> dict[str, Hidden | None]:
    """Return why each group of the running totals of the last scenario is hidden; None for those that are shown."""
    totals = released(folder, report, *others)[-1].newest_totals()
    return {group.group: group.hidden for total in totals for group in total.groups}


def test_of_two_replays_ten_seconds_apart_the_second_withholds_groups_with_few_people_between_them(
    tmp_path: Path,
) -> None:
    first = shown(tmp_path, replayed(12))
    assert set(first.values()) == {None}
    second = released(tmp_path, replayed(12, first=1))[0]
    totals = {group.group: (group.n, group.hidden) for total in second.newest_totals() for group in total.groups}
    assert totals == dict.fromkeys(first, (None, "withheld")) | {"black": (778, None)}  # nobody of them in between
    assert any(group.n for result in second.results if result.window == "60s" for group in result.groups)
    assert second.n_withheld == len(totals) - 1
    assert released(tmp_path, replayed(12, first=1)) == [second]
    assert shown(tmp_path, replayed(12)) == first


def test_beside_a_withheld_reference_nothing_is_compared(tmp_path: Path) -> None:
    released(tmp_path, replayed(12))
    [second] = released(tmp_path, replayed(12, first=1))
    [black] = [group for total in second.newest_totals() for group in total.groups if group.group == "black"]
    assert (black.n, black.favorable, black.gap, black.disparate_impact_ratio) == (778, 464, None, None)


def test_a_range_that_ends_in_a_window_of_few_people_shows_no_totals_of_it() -> None:
    before, after = (
        next(r for r in replayed(n).results if (r.window, r.attribute) == ("total", "race")) for n in (12, 13)
    )
    known = {group.group: group.n for group in before.groups}
    shown_groups = [group for group in disclose_result(after, 10).groups if group.n is not None]
    assert [(group.n or 0) - known[group.group] for group in shown_groups] == [0] * len(shown_groups)
    assert len(shown_groups) < len(known)


def without(report: ModelReport, attribute: str, **fewer: int) -> ModelReport:
    """Return the running totals of a report, with fewer people in some groups."""
    totals = [
        msgspec.structs.replace(
            result,
            groups=tuple(
                msgspec.structs.replace(group, n=group.n - fewer.get(group.group, 0)) for group in result.groups
            ),
        )
        for result in report.results
        if (result.window, result.attribute) == ("total", attribute)
    ]
    return ModelReport(results=totals)


def test_a_scenario_without_a_few_tagged_decisions_withholds_their_groups(tmp_path: Path) -> None:
    report = replayed(12)
    untagged = Scenario(name="anomalies_from=0.7", model=MODEL, policy_hash="h", leaves_out_from=0.7)
    fewer = without(report, "race", black=4, white=30, asian=30)
    assert shown(tmp_path, report, (untagged, fewer)) == {"black": "withheld", "white": None, "asian": "withheld"}


def test_exact_numbers_for_an_audit_are_no_release(tmp_path: Path) -> None:
    [results] = released(tmp_path, replayed(12), is_exact=True)
    assert {total.k for total in results.newest_totals()} == {0}
    assert not (tmp_path / "releases.jsonl").exists()


def test_a_scenario_that_folds_a_small_group_into_a_large_one_withholds_that(tmp_path: Path) -> None:
    report = replayed(12)
    [total] = [r for r in report.results if (r.window, r.attribute) == ("total", "race")]
    counts = {group.group: group for group in total.groups}
    counts |= {"asian": msgspec.structs.replace(counts["asian"], n=4)}
    original = ModelReport(results=[msgspec.structs.replace(total, groups=tuple(counts.values()))])
    model = msgspec.convert(
        msgspec.to_builtins(MODEL) | {"attributes": [GENDER, RACE | {"groups": ["black", "white"]}]}, ModelPolicy
    )
    folded = Scenario(name="folded", model=model, policy_hash="h", groups={"race": {"asian": "white"}})
    white = msgspec.structs.replace(counts["white"], n=counts["white"].n + 4)
    with_few = msgspec.structs.replace(total, groups=(counts["black"], white))
    first, second = released(tmp_path, original, (folded, ModelReport(results=[with_few])))
    assert [group.hidden for group in first.results[0].groups] == ["complementary", None, "small_cell"]
    assert [group.hidden for group in second.results[0].groups] == ["withheld", "withheld"]


def test_another_policy_cannot_show_smaller_groups() -> None:
    smaller = small_model({"60s": 60}, k=5)
    with pytest.raises(PolicyError, match="k is 10"):
        scenario_under(Policy(schema=1, models=(smaller,)), MODEL, "other")


def cells_of(counts: Mapping[tuple[str, str], int]) -> Cells:
    """Return the cells of favorable decisions about people of a gender and a race."""
    layout, cells = layout_of(MODEL), Cells()
    for (gender, race), n in counts.items():
        labels = {"gender": gender, "race": race, "decision": "favorable"}
        places = [names.index(labels[name]) if name in labels else 0 for name, names in layout.dimensions]
        cells[layout.code_of(tuple(places))] = [n]
    return cells


def counted(folder: Path, counts: Mapping[tuple[str, str], int], to_s: float, *names: str) -> list[GroupTable]:
    """Return what is shown of a count."""
    made_from = RangeCounts(cells_of(counts), TimeRange(0.0, to_s), {}, {}, 0, Dispositions(), is_final=True)
    chosen = [tuple(name.split("+")) for name in names]
    settings = load_settings({}, state_dir=str(folder))
    return release_tables(settings, MODEL, str(MODEL.output_topic), made_from, chosen, 0.0)


PEOPLE = {("female", "black"): 200, ("female", "white"): 300, ("male", "black"): 250, ("male", "white"): 400}
MORE = {("female", "black"): 204, ("female", "white"): 330, ("male", "black"): 280, ("male", "white"): 430}


def shown_people(table: GroupTable) -> dict[str, int | str]:
    return {group.group: str(group.hidden) if group.n is None else group.n for group in table.groups}


def test_of_two_counts_ten_seconds_apart_the_second_withholds_an_intersection(tmp_path: Path) -> None:
    names = ("gender", "race", "gender+race")
    first = counted(tmp_path, PEOPLE, 60.0, *names)
    assert counted(tmp_path, PEOPLE, 60.0, *names) == first
    second = counted(tmp_path, MORE, 70.0, *names)
    assert shown_people(second[0]) == {"female": 534, "male": 710}
    assert set(shown_people(second[2]).values()) & {204, 330, 280} == set()
    assert "withheld" in shown_people(second[2]).values()
    assert counted(tmp_path, MORE, 70.0, *names) == second


def test_where_nothing_can_be_shown_the_message_says_what_to_do(tmp_path: Path) -> None:
    counted(tmp_path, PEOPLE, 60.0, "gender")
    with pytest.raises(ReleaseRefusedError, match="fewer than 10 people of gender") as refused:
        counted(tmp_path, PEOPLE | {("female", "black"): 204}, 70.0, "gender")
    assert "longer" in str(refused.value)
    assert shown_people(counted(tmp_path, PEOPLE, 60.0, "gender")[0]) == {"female": 500, "male": 650}


def test_the_published_events_are_those_of_the_raw_topic(tmp_path: Path) -> None:
    released(tmp_path, replayed(12))
    run = RangeRun({ORIGINAL: replayed(12, first=1)}, {}, {}, 0, Dispositions())
    settings = load_settings({}, state_dir=str(tmp_path))
    [results] = release_scenarios(settings, run, [original_scenario(MODEL)], str(MODEL.output_topic), is_exact=False)
    assert results.n_withheld


def test_a_search_and_a_count_are_compared(tmp_path: Path) -> None:
    settings = load_settings({}, state_dir=str(tmp_path))
    counted(tmp_path, PEOPLE, 60.0, "gender")
    pairs = (
        PairValues(attribute="gender", group="female", reference="male", n=503, n_reference=655),
        PairValues(attribute="race", group="black", reference="white", n=452, n_reference=706),
    )
    logged = AlternativeValues(score="", rule="", n=1158, pairs=pairs)
    result = SearchResult(
        model=MODEL.name, policy_hash="h", topic=MODEL.topic, source="raw", from_s=0.0, to_s=61.0, begins={}, ends={},
        n_records=0, n_outcomes=None, is_selective=False, k=MODEL.privacy.k, margin=0.01, false_discovery_rate=0.05,
        design_effect=1.0, is_complete=True, n_claims=0, logged=logged, alternatives=(logged,),
    )  # fmt: skip
    released = release_search(settings, MODEL, result)
    for values in (released.logged, *released.alternatives):
        assert [pair.withheld for pair in values.pairs] == ["withheld", None]
        assert [pair.n for pair in values.pairs] == [None, 452]
