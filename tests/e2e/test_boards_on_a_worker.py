"""The dashboards on what really happens: a real worker on a real broker, scraped by a real Prometheus.

The dashboard of replays is tried on recorded samples only: what it shows is written by a command, not scraped.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from stream_app.edges.servers.prometheus import find_prometheus
from tests.support.boards.board_checks import Source, choices, find_problems, newest_of, options, series_of
from tests.support.boards.board_queries import BOARDS
from tests.support.boards.board_stage import open_board_stage
from tests.support.tiers import skip_or_fail

OUTCOMES, CAMERA = "fairstream-outcomes", "fairstream-camera"
# Dashboard, and the model that a person chooses there; where several are shown at once, none is chosen.
LOOKS = (
    ("fairstream-fairness", "loans"),
    ("fairstream-explanation", "loans"),
    ("fairstream-intersections", "loans"),
    (OUTCOMES, "credit"),
    (OUTCOMES, "trial"),
    ("fairstream-privacy", ""),
    (CAMERA, ""),
    ("fairstream-pipeline", ""),
)
# What is empty by nature. Nothing is empty for both: what one stream cannot show, the other must.
EMPTY = {
    # Outcomes of refused cases are not known: true and false positive rates cannot be, and nothing asks for them.
    (OUTCOMES, "credit"): (
        f"{OUTCOMES}: Equal opportunity: $group: ",
        f"{OUTCOMES}: Average odds: ",
        f"{OUTCOMES}: Differences with their intervals, now: max by (attribute, group) (fairstream_average_odds",
    ),
    # They are known: the rule is about errors, and the share of good outcomes among the approved has none.
    (OUTCOMES, "trial"): (f"{OUTCOMES}: Predictive parity: rule",),
}
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def app_id() -> str:
    return f"it-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def source(kafka: str, app_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Return a Prometheus that has seen every stream turn unfair that can."""
    if find_prometheus() is None:
        skip_or_fail("prometheus is not installed")
    with open_board_stage(kafka, tmp_path_factory.mktemp("stage"), app_id) as source:
        yield source


@pytest.mark.parametrize(("uid", "model"), LOOKS)
def test_every_query_is_answered_from_a_real_worker(source: Source, app_id: str, uid: str, model: str) -> None:
    selected = {"model": f"{app_id}-{model}"} if model else {}
    problems = list(find_problems(source, uid, selected))
    allowed = EMPTY.get((uid, model), ())
    assert [problem for problem in problems if not problem.startswith(allowed)] == []
    assert [one for one in allowed if not any(problem.startswith(one) for problem in problems)] == [], "not needed"


def test_the_other_dashboards_are_those_of_replays() -> None:
    assert BOARDS.keys() - {uid for uid, _ in LOOKS} == {"fairstream-replay"}


def test_nothing_is_empty_for_every_stream() -> None:
    first, second = EMPTY.values()
    assert not [one for one in first for other in second if one.startswith(other) or other.startswith(one)]


def test_the_outcomes_board_shows_the_harm_that_was_done(source: Source, app_id: str) -> None:
    values = choices(source, OUTCOMES, {"model": f"{app_id}-trial"}) | {"group": "female"}
    bounds = series_of(source, OUTCOMES, "Equal opportunity: $group", values, "upper bound")
    assert [newest_of(one) < 0 for one in bounds] == [True]
    values = choices(source, OUTCOMES, {"model": f"{app_id}-credit"})
    panel = "Evidence that scores left their own past"
    drift = series_of(source, OUTCOMES, panel, values, "{{attribute}} {{group}}")
    (female,) = [one for one in drift if one["metric"] == {"attribute": "gender", "group": "female"}]
    thresholds = series_of(source, OUTCOMES, panel, values, "threshold {{attribute}}")
    assert newest_of(female) >= max(map(newest_of, thresholds))


def test_the_camera_board_shows_what_the_cameras_sent_and_what_was_held_back(source: Source, app_id: str) -> None:
    assert options(source, CAMERA)["model"] == [f"{app_id}-camera"]
    values = choices(source, CAMERA, {"topic": f"{app_id}-camera-metadata-raw"})
    for title in ("Events a second", "Fields dropped", "Cells hidden", "Late and repeated events"):
        assert min(map(newest_of, series_of(source, CAMERA, title, values))) > 0, title
    dropped = series_of(source, CAMERA, "Fields not let through", values)
    assert {one["metric"]["path"] for one in dropped} >= {"bbox", "gps.lat", "gps.lon", "camera_id", "undeclared"}
