"""The dashboards on what really happens: a real worker on a real broker, scraped by a real Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stream_app.edges.servers.prometheus import LocalPrometheus, find_prometheus
from stream_app.edges.servers.shipped import Pace
from stream_app.wiring.demo import Scenario, open_stage
from tests.board_checks import Source, find_problems
from tests.metric_scenario import NOT_EXPORTED_YET
from tests.recorded_prometheus import PromApi
from tests.tiers import skip_or_fail

WAIT_S = 150
# Nothing is refused, and nothing was seen to move, on one worker that is fed well.
QUIET = {
    "fairstream-privacy: Records refused by reason",
    "fairstream-privacy: Records refused, in all",
    # The breach is young: nothing speaks for its end yet.
    "fairstream-fairness: Evidence that the group is worse off: all-clear {{attribute}} {{group}}",
    "fairstream-intersections: Evidence: all-clear {{attribute}} {{group}}",
}


@pytest.fixture(scope="module")
def source(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Return a Prometheus that has seen the simulated loans turn unfair."""
    if find_prometheus() is None:
        skip_or_fail("prometheus is not installed")
    folder: Path = tmp_path_factory.mktemp("stage")
    scenario = Scenario(policy="demo", fair_s=15, drift=0.8, rate=400, seed=42)
    start_s = time.time()
    with open_stage(scenario, folder, kafka=kafka, note=lambda _: None) as stage:
        workers = [urlsplit(stage.metrics_url).netloc]
        with LocalPrometheus(folder / "prometheus", workers=workers, pace=Pace()) as prometheus:
            wait_for(prometheus, 'ALERTS{alertname="FairnessBreach", alertstate="firing"}')
            wait_for(prometheus, "sum(increase(fairstream_windows_closed_total[1m])) > 2")
            yield Source(PromApi(prometheus.url), start_s, time.time())


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "uid",
    [
        "fairstream-fairness",
        "fairstream-explanation",
        "fairstream-intersections",
        "fairstream-pipeline",
        "fairstream-privacy",
    ],
)
def test_every_query_is_answered_from_a_real_worker(source: Source, uid: str) -> None:
    found = list(find_problems(source, uid, absent=NOT_EXPORTED_YET))
    assert [problem for problem in found if not problem.startswith(tuple(QUIET))] == []


def wait_for(prometheus: LocalPrometheus, expression: str) -> None:
    """Ask until there is an answer."""
    deadline = time.monotonic() + WAIT_S
    while not prometheus.query(expression):
        assert time.monotonic() < deadline, expression
        time.sleep(0.5)
