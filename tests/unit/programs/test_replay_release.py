"""What replays may show one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stream_app.core.alternatives.tables import BAD, GOOD, ScoreTable, places_of
from stream_app.core.mitigation.thresholds import Goal
from stream_app.core.releases.withholding import ReleasedTable
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.source_progress import SourceProgress
from stream_app.errors import PolicyError, ReleaseRefusedError
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.disclosure.rules import Hidden
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.bisect.shown_parts import ShownParts
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.mitigation.cases import CaseColumns
from stream_app.pipeline.replay.mitigation.summary import mitigate
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.released_tables import TableMaker
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_scenarios
from stream_app.pipeline.replay.scenarios.scenario import ORIGINAL, Scenario, original_scenario, scenario_under
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.decided_cuts import DecidedCut
from stream_app.pipeline.replay.search.released_cuts import EVERY_SEGMENT, SearchRelease
from stream_app.pipeline.replay.search.request import SearchedPair
from stream_app.pipeline.replay.tables.group_table import GroupTable
from stream_app.pipeline.replay.tables.range_counts import RangeCounts
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.replay.count import tables_of
from stream_app.programs.replay.release.cases import ReleasedCases
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.parts import release_parts
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.programs.replay.release.search import release_search
from stream_app.programs.replay.release.tables import release_groups, release_pair, release_tables
from stream_app.settings import load_settings
from tests.support.small_streams import GENDERS, PANE_S, SOURCES, SmallStream, small_model

MODEL = small_model({"60s": 60})
GENDER, RACE = (msgspec.to_builtins(attribute) for attribute in MODEL.attributes)
STREAM = SmallStream(MODEL, 13, 400, 5, has_unknown=False)
STREAM.panes[0] = {code: [1] for code in list(STREAM.panes[0])[:5]}  # few people in the first ten seconds
STREAM.panes[12] = STREAM.panes[0]


def replayed(n_panes: int, first: int = 0) -> ModelReport:
    """Return the report of a replay of some panes of the stream."""
    judge = ModelJudge(MODEL, "h", {}, leaves_out=False)
    judge.take(SOURCES[0], 1, SourceProgress(0, None, None, is_idle=False, first_offset=0), {})
    panes = {number * PANE_S: STREAM.panes[number] for number in range(first, n_panes)}
    judge.take(SOURCES[0], 1, SourceProgress(1, n_panes * PANE_S, None, is_idle=False, first_offset=0), panes)
    judge.advance_to(n_panes * PANE_S, n_panes * PANE_S)
    report = judge.flush(is_end=True)[0]
    report.results = [r for r in report.results if r.window == "total" or r.start_s >= first * PANE_S]
    return report


def former(folder: Path, topic: str = MODEL.topic, live: Sequence[ReleasedTable] = ()) -> FormerReleases:
    return FormerReleases(load_settings({}, state_dir=str(folder)), MODEL, topic, live)


def released(
    folder: Path,
    report: ModelReport,
    *others: tuple[Scenario, ModelReport],
    is_exact: bool = False,
    live: Sequence[ReleasedTable] = (),
    decided: DecidedCut | None = None,
) -> list[ScenarioResults]:
    """Return what a replay shows."""
    scenarios = [original_scenario(MODEL), *(scenario for scenario, _ in others)]
    reports = {ORIGINAL: report} | {scenario.name: of_scenario for scenario, of_scenario in others}
    run = RangeRun(reports, {}, {}, 0, Dispositions())
    return release_scenarios(former(folder, live=live), run, scenarios, is_exact=is_exact, decided=decided)


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
    seen = disclose_result(after, 10)
    assert seen.end_s == before.end_s  # the former ones
    assert {group.group: group.n for group in seen.groups} == known
    assert {group.group: group.n for group in after.groups} != known


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


def counted(
    folder: Path,
    counts: Mapping[tuple[str, str], int],
    to_s: float,
    *names: str,
    live: Sequence[ReleasedTable] = (),
) -> list[GroupTable]:
    """Return what is shown of a count."""
    made_from = RangeCounts(cells_of(counts), TimeRange(0.0, to_s), {}, {}, 0, Dispositions(), is_final=True)
    chosen = [tuple(name.split("+")) for name in names]
    make = partial(tables_of, MODEL, made_from, chosen, 0.0)
    return release_tables(former(folder, str(MODEL.output_topic), live), made_from, chosen, make)


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
    published = former(tmp_path, str(MODEL.output_topic))
    [results] = release_scenarios(published, run, [original_scenario(MODEL)], is_exact=False)
    assert results.n_withheld


def searched(folder: Path, cuts: Sequence[float], scores: Mapping[str, Sequence[float]], to_s: float) -> SearchRelease:
    """Return what a search of genders may show."""
    [gender] = [attribute for attribute in MODEL.attributes if attribute.name == "gender"]
    labels = labels_of(gender)
    table = ScoreTable(np.array(cuts), 1, len(labels))
    for label, own in scores.items():
        none = np.zeros(len(own), np.int64)
        table.add(none, none + labels.index(label), none, none, places_of(np.array(cuts), np.array(own)))
    pairs = [SearchedPair(0, gender, "female")]
    return release_search(former(folder), [[table]], ["score"], pairs, [EVERY_SEGMENT], TimeRange(0.0, to_s))


def test_a_search_and_a_count_are_compared(tmp_path: Path) -> None:
    counted(tmp_path, PEOPLE, 60.0, "gender")
    scores = {"female": [0.5] * 503, "male": [0.5] * 680}
    with pytest.raises(ReleaseRefusedError, match="of gender"):
        searched(tmp_path, [0.4], scores, 70.0)
    assert searched(tmp_path, [0.4], {"female": [0.5] * 530, "male": [0.5] * 680}, 80.0).withheld == {0: frozenset()}


def test_the_cuts_of_two_searches_decide_differently_about_nobody_or_many(tmp_path: Path) -> None:
    """The women that 0.5 reaches minus those that 0.51 reaches, each in a search of its own, are three."""
    scores = {"female": [*[0.3] * 100, *[0.505] * 3, *[0.8] * 100], "male": [*[0.3] * 100, *[0.505] * 30, *[0.8] * 90]}
    female, male = (0, 0, 0), (0, 0, 1)
    first = searched(tmp_path, [0.2, 0.5], scores, 60.0)
    assert first.groups[female].tolist() == [[True, True]]
    second = searched(tmp_path, [0.51, 0.6], scores, 60.0)
    assert (second.groups[female].tolist(), second.groups[male].tolist()) == ([[False, False]], [[False, False]])
    assert searched(tmp_path, [0.2, 0.5], scores, 60.0).groups[female].tolist() == [[True, True]]
    again = searched(tmp_path, [0.51, 0.6], scores, 60.0)
    assert (again.groups[female].tolist(), again.everybody[0].tolist()) == ([[False, False]], [[True, True]])
    later = searched(tmp_path, [0.51], {name: [*own, *[0.9] * 40] for name, own in scores.items()}, 70.0)
    assert later.groups[female].tolist() == [[True]]


def decided_by(cut: float, **favorable: int) -> tuple[ModelReport, DecidedCut]:
    """Return the running totals of genders where a cut has decided."""
    [total] = without(replayed(12), "gender").results
    groups = tuple(msgspec.structs.replace(group, favorable=favorable[group.group]) for group in total.groups)
    return ModelReport(results=[msgspec.structs.replace(total, groups=groups)]), DecidedCut(
        "score", {EVERY_SEGMENT: cut}, 0, 120
    )


def test_the_cuts_of_two_replays_decide_differently_about_nobody_or_many(tmp_path: Path) -> None:
    """Women who are favored from 0.5 on, minus those from 0.51 on, are three."""
    for cut, women, expected in ((0.5, 900, None), (0.51, 897, "withheld"), (0.52, 880, None), (0.51, 897, "withheld")):
        report, decided = decided_by(cut, female=women, male=1000)
        [results] = released(tmp_path, report, decided=decided)
        assert [group.hidden for group in results.results[0].groups if group.group == "female"] == [expected]


def test_the_cuts_of_a_search_and_a_replay_are_compared(tmp_path: Path) -> None:
    scores = {"female": [*[0.505] * 5, *[0.8] * 1979], "male": [*[0.3] * 1430, *[0.8] * 1000]}
    assert searched(tmp_path, [0.5], scores, 120.0).groups[0, 0, 0].all()
    report, decided = decided_by(0.51, female=1979, male=1000)
    [results] = released(tmp_path, report, decided=decided)
    assert [group.hidden for group in results.results[0].groups if group.group in GENDERS] == ["withheld", None]


def live_tables(n_panes: int) -> list[ReleasedTable]:
    """Return what the live judge has shown of the first panes of the stream."""
    [shown_live] = disclose_scenarios({ORIGINAL: replayed(n_panes)}, [original_scenario(MODEL)], is_exact=False)
    pairs = zip(replayed(n_panes).results, shown_live.results, strict=True)
    tables = (TableMaker(MODEL).of_result(result, disclosed, MODEL.privacy.k) for result, disclosed in pairs)
    return [table for table in tables if table is not None]


def test_a_replay_is_compared_with_the_windows_that_were_published(tmp_path: Path) -> None:
    """The published running totals minus those of a replay that begins ten seconds later are five people."""
    later = replayed(12, first=1)
    assert released(tmp_path / "alone", later)[0].n_withheld == 0
    [results] = released(tmp_path, later, live=live_tables(12))
    assert [group.group for total in results.newest_totals() for group in total.groups if group.n] == ["black"]
    assert released(tmp_path, replayed(12), live=live_tables(12))[0].n_withheld == 0


def test_what_was_published_is_not_noted_again(tmp_path: Path) -> None:
    released(tmp_path, replayed(12), live=live_tables(12))
    assert not (tmp_path / "releases.jsonl").read_bytes()


def test_groups_of_a_mitigation_are_compared_with_a_count(tmp_path: Path) -> None:
    """Weights are made of the number of cases of each group, which follow from them."""
    counted(tmp_path, {("female", "black"): 200, ("female", "white"): 300, ("male", "asian"): 400}, 60.0, "race")
    people = {"black": 203, "white": 330, "asian": 440, "unknown": 0, "__other__": 0}
    assert release_groups(former(tmp_path), "race", people, "", TimeRange(0.0, 70.0)) == {"asian"}
    few = {"black": 203, "white": 300, "asian": 400, "unknown": 0, "__other__": 0}
    with pytest.raises(ReleaseRefusedError):
        release_groups(former(tmp_path), "race", few | {"white": 305, "asian": 444}, "", TimeRange(0.0, 80.0))


def test_a_mitigation_leaves_out_groups_that_would_reveal_a_small_one(tmp_path: Path) -> None:
    people = {"black": 4, "white": 300, "asian": 40, "unknown": 0, "__other__": 0}
    assert release_groups(former(tmp_path), "race", people, "", TimeRange(0.0, 60.0)) == {"white"}


def test_cases_with_an_outcome_are_compared_with_all(tmp_path: Path) -> None:
    counted(tmp_path, {("female", "black"): 200, ("female", "white"): 300, ("male", "asian"): 400}, 60.0, "race")
    known = {"black": 197, "white": 280, "asian": 370, "unknown": 0, "__other__": 0}
    assert release_groups(former(tmp_path), "race", known, "outcome known", TimeRange(0.0, 60.0)) == {"asian"}


def test_the_pair_of_a_bisection_is_compared_with_a_count(tmp_path: Path) -> None:
    counted(tmp_path, {("female", "black"): 200, ("female", "white"): 300, ("male", "asian"): 400}, 60.0, "race")
    sides = [
        (TimeRange(0.0, 30.0), {"black": 100, "white": 150}),
        (TimeRange(30.0, 70.0), {"black": 103, "white": 190}),
    ]
    with pytest.raises(ReleaseRefusedError, match="of race"):
        release_pair(former(tmp_path), "race", sides)
    many = [sides[0], (TimeRange(30.0, 70.0), {"black": 130, "white": 190})]
    release_pair(former(tmp_path), "race", many)
    release_pair(former(tmp_path), "race", many)


def released_cases(folder: Path) -> ReleasedCases:
    return ReleasedCases(former(folder), "gender", "score", TimeRange(0.0, 120.0))


def test_cuts_of_two_goals_are_compared_with_each_other_and_with_those_of_a_search(tmp_path: Path) -> None:
    scores = {"female": [*[0.505] * 5, *[0.8] * 1979], "male": [*[0.3] * 1430, *[0.8] * 1000]}
    assert searched(tmp_path, [0.5], scores, 120.0).groups[0, 0, 0].all()
    cases = released_cases(tmp_path)
    assert cases.cuts("", "female", {0.51: 1979, 0.5: 1984}) == {0.5}
    assert cases.cuts("", "female", {0.51: 1979, 0.9: 300}) == {0.9}
    assert cases.cuts("", "female", {0.91: 297, 0.9: 300}) == {0.9}
    assert cases.cuts("", "male", {0.51: 1000}) == {0.51}


def test_every_cut_between_scores_is_not_a_cut_of_a_goal(tmp_path: Path) -> None:
    """Cuts by group decide about nobody or at least k people more or fewer of a group than those shown before."""
    rng = np.random.default_rng(3)
    scores, groups = rng.random(900), np.repeat([0, 1], 450)
    favorable, outcomes = (scores > 0.5).astype(np.int64), np.where(rng.random(900) < scores, GOOD, BAD)
    reached = []
    cases = CaseColumns(groups, scores, favorable, outcomes)
    for _ in range(2):
        for goal in Goal:
            found = mitigate(
                cases,
                GENDERS,
                "outcome",
                goal,
                shown=GENDERS,
                has_outcomes=True,
                is_selective=False,
                release=released_cases(tmp_path),
            )
            assert found.thresholds is not None
            [women] = [own for own in found.thresholds.groups if own.group == GENDERS[0]]
            cuts = [cut for cut in (women.cut, women.other_cut) if cut is not None]
            assert [float(f"{cut:.4g}") for cut in cuts] == cuts
            reached += [int(np.count_nonzero(scores[:450] > cut)) for cut in cuts]
    apart = np.diff(np.unique(reached))
    assert len(apart) > 0
    assert apart.min() >= MODEL.privacy.k


def test_parts_of_a_bisection_are_withheld_where_a_few_would_follow(tmp_path: Path) -> None:
    def parts(to_s: float, **people: int) -> list[ShownParts]:
        sets = {frozenset(name.split("_")): n for name, n in people.items()}
        return [ShownParts("female", TimeRange(0.0, to_s), sets)]

    def may(to_s: float, **people: int) -> bool:
        return release_parts(former(tmp_path), "gender", "segment", parts(to_s, **people))

    assert may(60.0, north=100, south=60, east_west=40)
    size = (tmp_path / "releases.jsonl").stat().st_size
    assert may(60.0, north=100, south=60, east_west=40)
    assert (tmp_path / "releases.jsonl").stat().st_size == size
    assert not may(70.0, north=104, south=80, east_west=60)
    assert not may(70.0, north=104, south=80, east_west=60)
    assert may(80.0, north=120, south=80, east_west=60)
    assert not may(90.0, north_south=203, east_west=80)
    assert not may(90.0, north=140, south=100, east=77, west=3)
