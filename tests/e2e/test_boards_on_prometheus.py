"""Every query of every dashboard, evaluated by a real Prometheus."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from stream_app.errors import DependencyMissingError
from tests.support.boards.board_checks import Source, choices, escaped, find_problems, newest_of, options, series_of
from tests.support.boards.board_queries import BOARDS, asked, fill, marks, panels
from tests.support.boards.metric_scenario import (
    FEMALE_AFTER,
    FIRST_WINDOW_S,
    LENGTH_S,
    OTHER_RUN,
    REFERENCE_RATE,
    RUN,
    STEP_S,
    THRESHOLD,
    as_openmetrics,
    scenario,
)
from tests.support.boards.series import BREACH_S
from tests.support.boards.worker_series import EVENTS_PER_S, POLICY_S
from tests.support.servers.recorded_prometheus import RecordedPrometheus
from tests.support.tiers import skip_or_fail

GAP = FEMALE_AFTER - REFERENCE_RATE
FAIRNESS, EXPLANATION, PIPELINE = "fairstream-fairness", "fairstream-explanation", "fairstream-pipeline"
AMOUNTS = "fairstream-amounts"
PRIVACY, REPLAY, INTERSECTIONS = "fairstream-privacy", "fairstream-replay", "fairstream-intersections"
MODELS = {FAIRNESS: ("loans", "rates")}  # each has panels and columns of its own
FEMALE = {"attribute": "gender", "group": "female"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Return a Prometheus over half an hour of recorded samples that ended just now."""
    start_s = (int(time.time()) - LENGTH_S) // 60 * 60
    server = RecordedPrometheus(tmp_path_factory.mktemp("prometheus"))
    try:
        server.record(as_openmetrics(scenario(start_s), start_s))
        with server:
            yield Source(server.api, start_s, start_s + LENGTH_S)
    except DependencyMissingError as missing:
        skip_or_fail(str(missing))


@pytest.mark.parametrize("uid", BOARDS)
def test_every_query_is_answered_with_data_and_the_labels_of_its_legend(source: Source, uid: str) -> None:
    selections = [{"model": model} for model in MODELS.get(uid, ())] or [{}]
    found = [{problem.partition(" with {")[0] for problem in find_problems(source, uid, one)} for one in selections]
    assert set.intersection(*found) == set()


@pytest.mark.parametrize(
    ("uid", "title", "labels", "expected"),
    [
        (FAIRNESS, "State", {}, 3),
        (FAIRNESS, "Groups in breach", {}, 1),
        (FAIRNESS, "Evidence (log10)", {}, 23.9),
        (FAIRNESS, "Lowest impact ratio", {}, FEMALE_AFTER / REFERENCE_RATE),
        (FAIRNESS, "Verdict", {"verdict": "female approved 60% as often as male; limit 80%"}, 3),
        (FAIRNESS, "All models", {"model": "loans"}, 3),
        (FAIRNESS, "Groups, worst first", FEMALE | {"reference": "male"}, 3),
        (FAIRNESS, "Groups, worst first", {"group": "black", "reference": "white"}, 0),
        (FAIRNESS, "Groups, worst first", {"group": "white", "reference": "white"}, -2),
        (FAIRNESS, "Groups, worst first", {"attribute": "age", "group": "unknown"}, -3),
        (FAIRNESS, "Approval rate by group", FEMALE, FEMALE_AFTER),
        (FAIRNESS, "Approval gap by group", FEMALE, GAP),
        (EXPLANATION, "$group: gap decomposition", FEMALE, 0.25 * GAP),
        (EXPLANATION, "Missing approvals since onset", {}, (0.8 * REFERENCE_RATE - FEMALE_AFTER) * 1000),
        (EXPLANATION, "Segments since the onset", {"part": "female: auto"}, 0.2 * GAP),
        (EXPLANATION, "Approval shortfall (count)", FEMALE, (0.8 * REFERENCE_RATE - FEMALE_AFTER) * 1000),
        (
            EXPLANATION,
            "Contribution by segment",
            {"part": "female: auto"},
            0.125 * GAP,
        ),
        (INTERSECTIONS, "Worst subgroup ratio", {}, FEMALE_AFTER / REFERENCE_RATE),
        (INTERSECTIONS, "Subgroups in breach", {}, 1),
        (AMOUNTS, "Verdict", {"verdict": "female worse off: mean rate 0.7 higher than male; limit 0.25"}, 3),
        (AMOUNTS, "Which amounts are worse", {"says": "A higher rate is worse for people"}, -1),
        (AMOUNTS, "Widest difference", {}, 0.7),
        (AMOUNTS, "Limit", {}, 0.25),
        (AMOUNTS, "Groups, worst first", FEMALE | {"reference": "male"}, 3),
        (AMOUNTS, "Groups, worst first", {"group": "male", "reference": "male"}, -2),
        (AMOUNTS, "Subgroups, worst first", {"group": "female & black", "reference": "male & white"}, 2),
        (AMOUNTS, "Difference of means by group", FEMALE, 0.7),
        (AMOUNTS, "Evidence of worse means", FEMALE, 12.4),
        (PIPELINE, "Workers up", {}, 2),
        (PIPELINE, "Events per second", {}, 2 * (EVENTS_PER_S + 20)),
        (PIPELINE, "Rejected records", {}, 2 / 142),
        (PIPELINE, "Watermark delay", {}, 5),
        (PRIVACY, "Suppressed windows", {}, 0.25),
        (REPLAY, "Largest ratio difference", {}, 0.05),
    ],
)
def test_golden_panels_show_the_value_of_the_samples(
    source: Source, uid: str, title: str, labels: dict[str, str], expected: float
) -> None:
    assert newest(source, uid, title, labels) == pytest.approx(expected, rel=1e-6)


def test_the_onset_of_the_alert_is_when_the_level_rose(source: Source) -> None:
    assert newest(source, FAIRNESS, "In breach since", {}) == 1000 * (source.start_s + BREACH_S - 60)
    timeline = next(
        series
        for series in series_of(source, FAIRNESS, "States by attribute and rule", choices(source, FAIRNESS))
        if series["metric"] == {"attribute": "gender", "kind": "impact ratio"}
    )
    rose_s = next(float(at) for at, level in timeline["values"] if level == "3")
    assert rose_s == source.start_s + BREACH_S


def test_the_evidence_of_the_alarm_is_shown_through_the_breach(source: Source) -> None:
    values = choices(source, FAIRNESS)
    running, threshold = (
        source.ask(query, values)
        for query in asked()
        if (query.board, query.panel) == (FAIRNESS, "Evidence of adverse impact")
    )
    (female,) = [series for series in running if FEMALE.items() <= series["metric"].items()]
    assert len(female["values"]) == (LENGTH_S - FIRST_WINDOW_S) // STEP_S + 1  # no gap at the breach
    assert [newest_of(female), newest_of(threshold[0])] == [23.9, THRESHOLD]


def test_the_recovery_is_shown_in_a_breach_only(source: Source) -> None:
    found = series_of(source, FAIRNESS, "Evidence of recovery", choices(source, FAIRNESS))
    recovering, _ = found
    assert FEMALE.items() <= recovering["metric"].items()
    assert float(recovering["values"][0][0]) == source.start_s + BREACH_S
    assert newest_of(recovering) == pytest.approx(0.005 * (LENGTH_S - BREACH_S))


def test_windows_are_offered_by_size_and_the_smallest_is_the_default(source: Source) -> None:
    assert options(source, FAIRNESS)["window"] == ["1m", "5m", "1h"]
    assert choices(source, FAIRNESS)["window"] == "1m"


def test_tiles_do_not_depend_on_the_selected_window() -> None:
    tiles = [panel for panel in panels(BOARDS[FAIRNESS]) if panel["type"] == "stat"]
    assert len(tiles) == 8
    assert not [panel["title"] for panel in tiles if "$window" in json.dumps(panel["targets"])]


@pytest.mark.parametrize(
    ("model", "state", "words"),
    [("rates", 3, "A higher rate is worse for people"), ("wages", 0, "A lower wage is worse for people")],
)
def test_of_amounts_it_is_said_which_are_worse_and_how_each_group_fares(
    source: Source, model: str, state: int, words: str
) -> None:
    values = choices(source, AMOUNTS, {"model": model})
    says = series_of(source, AMOUNTS, "Which amounts are worse", values)
    assert [series["metric"]["says"] for series in says] == [words]
    for uid in (AMOUNTS, FAIRNESS):
        values = choices(source, uid, {"model": model})
        rows = series_of(source, uid, "Groups, worst first", values)
        [female] = [row for row in rows if row["metric"].get("group") == "female" and "reference" in row["metric"]]
        assert newest_of(female) == state


def test_a_model_of_amounts_is_on_the_dashboard_of_amounts_only(source: Source) -> None:
    assert options(source, AMOUNTS)["model"] == ["rates", "wages"]
    assert {"rates", "wages"}.isdisjoint(options(source, "fairstream-outcomes")["model"])
    assert {"loans", "rates", "wages"} <= set(options(source, FAIRNESS)["model"])


def test_a_replay_that_is_equal_has_no_difference_from_the_live_results(source: Source) -> None:
    largest: dict[str, float] = {}
    for run in (RUN, OTHER_RUN):
        values = choices(source, REPLAY) | {"run": run}
        largest[run] = newest_of(series_of(source, REPLAY, "Largest ratio difference", values)[0])
        for points in series_of(source, REPLAY, "Difference in ratio", values):
            assert {round(float(value), 9) for _, value in points["values"]} == {0.0 if run == RUN else -0.05}
    assert largest == {RUN: 0.0, OTHER_RUN: pytest.approx(0.05)}


@pytest.mark.parametrize("uid", BOARDS)
def test_a_mark_is_a_thin_line_and_not_an_area(source: Source, uid: str) -> None:
    values = choices(source, uid)
    for mark in BOARDS[uid]["annotations"]["list"]:
        for series in source.api.over(fill(mark["expr"], values), source.start_s, source.end_s, STEP_S):
            if mark["useValueForTime"]:
                assert len({value for _, value in series["values"]}) == 1
            else:
                assert len(series["values"]) == 1


def test_a_policy_change_is_marked_when_the_new_policy_appears(source: Source) -> None:
    expr = fill({name: expr for _, name, expr in marks()}["Policy changes"], choices(source, PIPELINE))
    found = source.api.over(expr, source.start_s, source.end_s, STEP_S)
    marked = {series["metric"]["policy_hash"]: float(series["values"][0][0]) for series in found}
    assert marked == {"bbbb": source.start_s + POLICY_S}  # the first policy is no change


def test_live_panels_do_not_show_a_replay(source: Source) -> None:
    mixed = source.api.instant('fairstream_disparate_impact_ratio{run!="", group="female"}', source.end_s)
    assert mixed
    band = {query.legend: query for query in asked() if query.panel == "$group: impact ratio"}["value"]
    values = choices(source, FAIRNESS) | {"group": "female"}
    assert [len(source.ask(band, values)), newest_of(source.ask(band, values)[0])] == [1, pytest.approx(0.6)]


def test_a_group_whose_name_has_special_characters_is_selected(source: Source) -> None:
    assert "60+" in options(source, FAIRNESS)["group"]
    values = choices(source, FAIRNESS) | {"group": escaped("60+")}
    (gap,) = [
        series
        for series in series_of(source, FAIRNESS, "Approval gap by group", values)
        if series["metric"].get("group")
    ]
    assert gap["metric"] == {"attribute": "age", "group": "60+", "position": "7"}


@pytest.mark.parametrize("uid", BOARDS)
def test_a_dashboard_without_data_would_be_noticed(source: Source, uid: str) -> None:
    yesterday = Source(source.api, source.start_s - 86_400, source.end_s - 86_400)
    n_queries = sum(query.board == uid and not query.repeat for query in asked())
    n_that_always_answer = sum(query.board == uid and "vector(0)" in query.expr for query in asked())
    assert len(list(find_problems(yesterday, uid))) >= n_queries - n_that_always_answer


def newest(source: Source, uid: str, title: str, labels: dict[str, str]) -> float:
    """Return the newest value of the first series of a panel that has these labels."""
    found = series_of(source, uid, title, choices(source, uid))
    return newest_of(next(series for series in found if labels.items() <= series["metric"].items()))
