"""The dashboards with live data: a real worker on a real broker, scraped by a real Prometheus.

The replay dashboard is tested with recorded samples only: its values are written by a command, not scraped.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from stream_app.edges.servers.prometheus import find_prometheus
from tests.support.boards.board_checks import Source, choices, find_problems, newest_of, options, series_of
from tests.support.boards.board_queries import BOARDS, marks
from tests.support.boards.board_stage import WAIT_S, open_board_stage
from tests.support.tiers import skip_or_fail

FAIRNESS, EXPLANATION = "fairstream-fairness", "fairstream-explanation"
OUTCOMES, ERRORS, AMOUNTS = "fairstream-outcomes", "fairstream-errors", "fairstream-amounts"
CAMERA = "fairstream-camera"
PIPELINE = "fairstream-pipeline"
# Dashboard, and the model that a person selects there; none where several are shown at once.
LOOKS = (
    (FAIRNESS, "loans"),
    (FAIRNESS, "rates"),
    (EXPLANATION, "loans"),
    ("fairstream-intersections", "loans"),
    (OUTCOMES, "credit"),
    (ERRORS, "trial"),
    (AMOUNTS, "rates"),
    ("fairstream-privacy", ""),
    (CAMERA, ""),
    (PIPELINE, ""),
)
# A model decides either by rates or by amounts: panels and columns of the other kind are empty.
_FIRST_GROUPS, _OPEN = (
    "Groups, worst first: max by (attribute, group) (",
    "Facts of open breaches: max by (attribute, kind, group) (",
)
_OF_AMOUNTS = (
    f"{_FIRST_GROUPS}fairstream_mean_amount",
    f"{_FIRST_GROUPS}fairstream_mean_difference_amount",
    f"{_OPEN}fairstream_breach_mean_diff",
)
_OF_RATES = (
    "Lowest impact ratio: ",
    f"{_FIRST_GROUPS}fairstream_disparate_impact_ratio",
    f"{_FIRST_GROUPS}fairstream_approval_ratio",
    f"{_FIRST_GROUPS}fairstream_approval_gap_ratio",
    f"{_OPEN}fairstream_breach_disparate",
    f"{_OPEN}fairstream_breach_gap",
    "Impact ratio by group: ",
    "Approval rate by group: ",
    "Approval gap by group: ",
    "$group: impact ratio: ",
    "Share of unknown groups: ",  # every simulated applicant has a group
    "Ratio over every allocation: ",
    "Values over every allocation: ",
    "Intervals of the latest window: ",
)
# No producer makes probabilities of membership, and no model here has tags: the recorded samples have them.
EMPTY = {
    (FAIRNESS, "loans"): tuple(f"{FAIRNESS}: {panel}" for panel in _OF_AMOUNTS),
    (FAIRNESS, "rates"): tuple(f"{FAIRNESS}: {panel}" for panel in _OF_RATES),
    (AMOUNTS, "rates"): (  # a ratio of means is not limited here
        f"{AMOUNTS}: Open breaches of means: max by (attribute, group) (fairstream_breach_mean_ratio",
    ),
    (EXPLANATION, "loans"): (f"{EXPLANATION}: Groups estimated from probabilities: ",),
    (PIPELINE, ""): (
        f"{PIPELINE}: Transactions and pushes: pushed",  # to no collector
        f"{PIPELINE}: Counted events: {{{{model}}}} {{{{outcome}}}} tagged: ",
    ),
}
CHANGES = {"Policy changes", "New versions", "Recoveries"}  # marks; the first scrape is no change
FIRST = {"Rebalances"}  # the first may come before the first scrape, which then shows no change
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def app_id() -> str:
    return f"it-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def source(kafka: str, app_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Return a Prometheus that has scraped every stream after it became unfair."""
    if find_prometheus() is None:
        skip_or_fail("prometheus is not installed")
    with open_board_stage(kafka, tmp_path_factory.mktemp("stage"), app_id) as source:
        yield source


def wait_until_shown(source: Source, check: Callable[[Source], None]) -> None:
    """Look again and again, each time at all that was scraped by then, until a check holds; raise what it raises."""
    deadline_s = time.monotonic() + WAIT_S
    while True:
        try:
            return check(replace(source, end_s=time.time()))
        except (AssertionError, LookupError, ValueError):  # also where there is no series yet
            if time.monotonic() > deadline_s:
                raise
        time.sleep(1.0)


@pytest.mark.parametrize(("uid", "model"), LOOKS)
def test_every_query_is_answered_from_a_real_worker(source: Source, app_id: str, uid: str, model: str) -> None:
    selected = {"model": f"{app_id}-{model}"} if model else {}
    allowed = EMPTY.get((uid, model), ())

    def check(source: Source) -> None:
        found = list(find_problems(source, uid, selected))
        unchanged = {name for board, name, _ in marks() if board == uid} & CHANGES
        assert {problem.split(": ")[1] for problem in found} & CHANGES == unchanged  # no mark where nothing has changed
        problems = [problem for problem in found if problem.split(": ")[1] not in CHANGES | FIRST]
        assert [problem for problem in problems if not problem.startswith(allowed)] == []
        assert [one for one in allowed if not any(problem.startswith(one) for problem in problems)] == [], "not needed"

    wait_until_shown(source, check)


def test_the_other_dashboards_are_those_of_replays() -> None:
    assert BOARDS.keys() - {uid for uid, _ in LOOKS} == {"fairstream-replay"}


def test_a_model_without_outcomes_of_rejected_cases_has_no_panels_about_errors(source: Source, app_id: str) -> None:
    def check(source: Source) -> None:
        assert options(source, ERRORS)["model"] == [f"{app_id}-trial"]
        assert options(source, OUTCOMES)["model"] == [f"{app_id}-credit", f"{app_id}-trial"]

    wait_until_shown(source, check)


def test_the_boards_of_outcomes_show_the_harm_that_was_done(source: Source, app_id: str) -> None:
    def check(source: Source) -> None:
        values = choices(source, ERRORS, {"model": f"{app_id}-trial"}) | {"group": "female"}
        bounds = series_of(source, ERRORS, "$group: equal opportunity", values, "upper bound (95%)")
        assert [newest_of(one) < 0 for one in bounds] == [True]
        values = choices(source, OUTCOMES, {"model": f"{app_id}-credit"})
        panel = "Evidence of score drift"
        drift = series_of(source, OUTCOMES, panel, values, "{{position}} {{attribute}} {{group}}")
        female = [one for one in drift if one["metric"]["group"] == "female"]
        assert len(female) == 1
        thresholds = series_of(source, OUTCOMES, panel, values, "threshold")
        assert newest_of(female[0]) >= max(map(newest_of, thresholds))

    wait_until_shown(source, check)


def test_the_boards_show_the_amounts_that_women_pay(source: Source, app_id: str) -> None:
    def check(source: Source) -> None:
        assert options(source, AMOUNTS)["model"] == [f"{app_id}-rates"]
        values = choices(source, AMOUNTS, {"model": f"{app_id}-rates"})
        [verdict] = series_of(source, AMOUNTS, "Verdict", values)
        assert re.fullmatch(
            r"female worse off: mean rate [\d.]+ higher than male; limit 0\.25", verdict["metric"]["verdict"]
        )
        [says] = series_of(source, AMOUNTS, "Which amounts are worse", values)
        assert says["metric"]["says"] == "A higher rate is worse for people"
        of_female = series_of(source, AMOUNTS, "$group: difference of means", values | {"group": "female"}, "value")
        assert [newest_of(one) == pytest.approx(0.8, abs=0.6) for one in of_female] == [True]
        models = series_of(source, FAIRNESS, "All models", choices(source, FAIRNESS))
        states = {one["metric"].get("verdict", "") for one in models if one["metric"].get("model") == f"{app_id}-rates"}
        assert verdict["metric"]["verdict"] in states

    wait_until_shown(source, check)


def test_the_camera_board_shows_what_the_cameras_sent_and_what_was_suppressed(source: Source, app_id: str) -> None:
    def check(source: Source) -> None:
        assert sorted(options(source, CAMERA)["model"]) == [f"{app_id}-allocations", f"{app_id}-camera"]
        values = choices(source, CAMERA, {"topic": f"{app_id}-camera-metadata-raw"})
        for title in ("Events per second", "Dropped fields", "Suppressed cells", "Late and duplicate events"):
            assert min(map(newest_of, series_of(source, CAMERA, title, values)), default=0) > 0, title
        dropped = series_of(source, CAMERA, "Dropped fields by path", values)
        assert {one["metric"]["path"] for one in dropped} >= {"bbox", "gps.lat", "gps.lon", "camera_id", "undeclared"}
        ratios = series_of(source, CAMERA, "Ratio of hours per resident", values, "{{group}} {{window}} {{of}}")
        assert {round(newest_of(one)) for one in ratios if one["metric"]["group"] == "High"} == {4}

    wait_until_shown(source, check)
