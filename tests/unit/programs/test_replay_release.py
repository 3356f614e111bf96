"""What replays may show one after the other."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stream_app.core.windows.source_progress import SourceProgress
from stream_app.errors import PolicyError, ReleaseRefusedError
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.results import AND
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.scenario import ORIGINAL, Scenario, original_scenario, scenario_under
from stream_app.pipeline.replay.search.results import AlternativeValues, PairValues, SearchResult
from stream_app.pipeline.replay.tables.group_table import GroupTable, TableGroup
from stream_app.policy import Policy
from stream_app.programs.replay.count import CountFacts
from stream_app.programs.replay.release import release_scenarios, release_search, release_tables
from stream_app.settings import load_settings
from tests.support.small_streams import PANE_S, SOURCES, SmallStream, small_model

MODEL = small_model({"60s": 60})
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


def shown(folder: Path, report: ModelReport, *others: tuple[Scenario, ModelReport], is_exact: bool = False) -> set[int]:
    """Return the ends of the running totals that a replay shows."""
    scenarios = [original_scenario(MODEL), *(scenario for scenario, _ in others)]
    reports = {ORIGINAL: report} | {scenario.name: of_scenario for scenario, of_scenario in others}
    run = RangeRun(reports, {}, {}, 0, Dispositions())
    settings = load_settings({}, state_dir=str(folder))
    results = release_scenarios(settings, run, scenarios, "raw", is_exact=is_exact)
    return {result.end_s for result in results[0].results if result.window == "total"}


def test_two_replays_ten_seconds_apart_are_refused_where_few_people_are_between_them(tmp_path: Path) -> None:
    assert shown(tmp_path, replayed(12)) == {120}
    with pytest.raises(ReleaseRefusedError, match=r"between 1970-01-01T00:00:00\+00:00 and 1970-01-01T00:00:10"):
        shown(tmp_path, replayed(12, first=1))
    assert shown(tmp_path, replayed(12)) == {120}


def test_a_range_that_ends_in_a_window_of_few_people_shows_no_totals_of_it() -> None:
    before, after = (
        next(r for r in replayed(n).results if (r.window, r.attribute) == ("total", "race")) for n in (12, 13)
    )
    known = {group.group: group.n for group in before.groups}
    shown_groups = [group for group in disclose_result(after, 10).groups if group.n is not None]
    assert [(group.n or 0) - known[group.group] for group in shown_groups] == [0] * len(shown_groups)
    assert len(shown_groups) < len(known)


def test_a_scenario_without_a_few_tagged_decisions_is_refused(tmp_path: Path) -> None:
    report = replayed(12)
    [total] = [r for r in report.results if (r.window, r.attribute) == ("total", "gender")]
    groups = [msgspec.structs.replace(group, n=group.n - 4 * (group.group == "male")) for group in total.groups]
    untagged = Scenario(name="anomalies_from=0.7", model=MODEL, policy_hash="h")
    without_few = msgspec.structs.replace(total, groups=tuple(groups))
    with pytest.raises(ReleaseRefusedError, match="people of gender"):
        shown(tmp_path, report, (untagged, ModelReport(results=[without_few])))


def test_exact_numbers_for_an_audit_are_no_release(tmp_path: Path) -> None:
    assert shown(tmp_path, replayed(12), is_exact=True) == {120}
    assert not (tmp_path / "releases.jsonl").exists()


def test_a_scenario_that_folds_a_small_group_into_a_large_one_is_refused(tmp_path: Path) -> None:
    report = replayed(12)
    folded = Scenario(name="folded", model=MODEL, policy_hash="h", groups={"race": {"asian": "white"}})
    [total] = [r for r in report.results if (r.window, r.attribute) == ("total", "race")]
    counts = {group.group: group for group in total.groups}
    white = msgspec.structs.replace(counts["white"], n=counts["white"].n + 4)
    with_few = msgspec.structs.replace(total, groups=(counts["black"], white))
    with pytest.raises(ReleaseRefusedError, match="people of race"):
        shown(tmp_path, report, (folded, ModelReport(results=[with_few])))
    assert not (tmp_path / "releases.jsonl").read_bytes()


def test_another_policy_cannot_show_smaller_groups() -> None:
    smaller = small_model({"60s": 60}, k=5)
    with pytest.raises(PolicyError, match="k is 10"):
        scenario_under(Policy(schema=1, models=(smaller,)), MODEL, "other")


def count_facts(to_s: float) -> CountFacts:
    return CountFacts(
        model=MODEL.name, topic="raw", source="raw", from_s=0.0, to_s=to_s, is_final=True, n_in_range=None,
        k=MODEL.privacy.k, policy_hash="h", code_version="0",
    )  # fmt: skip


def table(attribute: str, **people: int | None) -> GroupTable:
    groups = tuple(TableGroup(group=group.replace("_", AND), n=n) for group, n in people.items())
    return GroupTable(
        attribute=attribute, reference="f", highest=None, exclude_below=0.0, k=MODEL.privacy.k, n=None,
        n_undeclared=None, groups=groups,
    )  # fmt: skip


def test_two_counts_ten_seconds_apart_are_refused_also_for_an_intersection(tmp_path: Path) -> None:
    settings = load_settings({}, state_dir=str(tmp_path))
    first = [table("sex", f=300, m=None), table("sex+age", f_young=200, f_old=100)]
    release_tables(settings, MODEL, count_facts(60.0), first)
    release_tables(settings, MODEL, count_facts(60.0), first)  # again the same
    release_tables(settings, MODEL, count_facts(70.0), [table("sex", f=300)])  # nobody in between
    for later in (table("sex", f=301), table("sex+age", f_young=200, f_old=99 + MODEL.privacy.k)):
        with pytest.raises(ReleaseRefusedError, match="fewer than"):
            release_tables(settings, MODEL, count_facts(80.0), [later])


def test_a_search_and_a_count_are_compared(tmp_path: Path) -> None:
    settings = load_settings({}, state_dir=str(tmp_path))
    release_tables(settings, MODEL, count_facts(60.0), [table("sex", f=300, m=200)])
    pair = PairValues(attribute="sex", group="f", reference="m", n=300, n_reference=199)
    logged = AlternativeValues(score="", rule="", n=None, pairs=(pair,))
    result = SearchResult(
        model=MODEL.name, policy_hash="h", topic="raw", source="raw", from_s=0.0, to_s=61.0, begins={}, ends={},
        n_records=0, n_outcomes=None, is_selective=False, k=MODEL.privacy.k, margin=0.01, false_discovery_rate=0.05,
        design_effect=1.0, is_complete=True, n_claims=0, logged=logged, alternatives=(),
    )  # fmt: skip
    with pytest.raises(ReleaseRefusedError, match="of sex between"):
        release_search(settings, MODEL, result)
