"""All streams that the dashboards are about, through one real worker that a real Prometheus scrapes.

One policy has six models: the loans of the demo with one group less, ``credit`` as shipped (outcomes of granted loans
only), ``trial`` (the same, with outcomes of denied cases too), ``rates`` as shipped (decisions that are amounts), the
cameras and the hours of patrols. Windows and baselines are short, so that a test does not wait for an hour; nothing
else differs from the shipped policies.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from producers.event import Event
from producers.publish import Destination, publish
from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.servers.prometheus import LocalPrometheus
from stream_app.edges.servers.shipped import MonitoringIntervals
from stream_app.policy import SHIPPED
from tests.support.boards.board_checks import Source
from tests.support.servers.recorded_prometheus import PromApi
from tests.support.servers.sites import Site, open_site

WAIT_S = 300
FAIR_S = 15  # event time after which women are treated differently
_WINDOWS = 'windows = [{ name = "10s", size_s = 10 }, { name = "1m", size_s = 60 }]'
_RULES = "rules = { max_gap = 0.1 }"  # the shift of the scores moves every fourth of them across the cut

# The last thing to appear, per stream; the boards are checked after that.
_AWAITED = (
    'ALERTS{alertname="FairnessBreach", alertstate="firing"}',
    "sum(increase(fairstream_windows_closed_total[1m])) > 2",
    "increase(fairstream_dead_letters_total[30m]) > 0",
    'ALERTS{alertname="HoursDisparity", alertstate="firing", group="High"}',
    *(
        f'fairstream_evidence_log10{{attribute=~"{attribute}", test=~"({tests})_low_recovery"}}'
        for attribute, tests in (
            ("[^+]+", "ratio|gap"),
            (".+[+].+", "ratio|gap"),
            ("[^+]+", "outcome"),
            ("[^+]+", "tpr|fpr"),
            ("[^+]+", "score"),
            ("[^+]+", "mean"),
        )
    ),
    *(
        f'{metric}{{model=~".+-{model}", group="female"}}'
        for metric in ("fairstream_score_stability_index", "fairstream_decisions_without_outcome_ratio")
        for model in ("credit", "trial")
    ),
)


@contextmanager
def open_board_stage(kafka: str, folder: Path, app_id: str) -> Iterator[Source]:
    """Start worker, Prometheus and producers; yield when every stream has produced all its metrics.

    Args:
        kafka: A broker.
        folder: For state, logs and the samples.
        app_id: Consumer group, and prefix of the names of models and topics.

    Raises:
        AssertionError: a metric did not appear; with its expression.
    """
    policies = _loans(), _credit(), _trial(), _rates(), _camera(), _allocations()
    site = open_site(kafka, folder, app_id, *policies, n_partitions=2)
    port = free_port()
    start_s = time.time()
    with ExitStack() as parts:
        parts.enter_context(site.worker(FAIRSTREAM_METRICS_PORT=str(port)))
        prometheus = LocalPrometheus(folder / "prometheus", workers=[f"127.0.0.1:{port}"], pace=MonitoringIntervals())
        parts.enter_context(prometheus)
        _wait_for(
            site, prometheus, "fairstream_dead_letters_total"
        )  # a counter that is first seen above 0 has not grown
        for producer in _producers(site):
            parts.enter_context(producer)
        _send_invalid_records(site)
        for expression in _AWAITED:
            _wait_for(site, prometheus, expression)
        yield Source(PromApi(prometheus.url), start_s, time.time())


def _loans() -> str:
    """Return the policy of the demo without a group, so that some decisions are about nobody that it lists."""
    return _put((SHIPPED / "demo.toml").read_text("utf-8"), r'"hispanic", ', "")


def _credit() -> str:
    text = (SHIPPED / "credit.toml").read_text("utf-8")
    text = _put(text, r"^segment = ", f"{_WINDOWS}\n{_RULES}\nsegment = ")
    return _put(text, r"^cut = 0\.5$", "cut = 0.5\nreference_n = 200")


def _trial() -> str:
    return _put(_credit().replace('"credit', '"trial'), "^is_selective = true", "is_selective = false")


def _rates() -> str:
    return _put((SHIPPED / "rates.toml").read_text("utf-8"), r"^rules = ", f"{_WINDOWS}\nrules = ")


def _camera() -> str:
    noise = 'publication = { most_cells = 4, noise = { epsilon = "1/2" } }'
    return _put((SHIPPED / "camera.toml").read_text("utf-8"), r"^windows = .*$", f"{_WINDOWS}\n{noise}")


def _allocations() -> str:
    return _put((SHIPPED / "allocations.toml").read_text("utf-8"), r"^windows = .*$", _WINDOWS)


def _put(text: str, pattern: str, replacement: str) -> str:
    new, n = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    assert n == 1, pattern
    return new


def _producers(site: Site) -> Iterator[BoundProcess]:
    start_s = int(time.time()) + 1
    drifts = ("--label-drift", f"0@0,1@{FAIR_S}s", "--score-shift", f"0@0,1@{FAIR_S}s", "--outcome-delay", "5")
    streams = {
        "loans": ("loans", "--rate", "400", "--drift", f"0@0,0.8@{FAIR_S}s"),
        "credit": ("credit", "--rate", "300", *drifts),
        "trial": ("credit", "--rate", "300", "--outcomes-of-denied", *drifts),
        "rates": ("rates", "--rate", "300", "--drift", f"0@0,1@{FAIR_S}s"),
        "allocations": ("allocations", "--rate", "40", "--drift", "1", "--late", "0.05", "--duplicate", "0.02"),
        "camera": ("camera", "--rate", "50", "--late", "0.05", "--duplicate", "0.02"),
    }
    for model, arguments in streams.items():
        seeded = ("--model", f"{site.app_id}-{model}", "--seed", "42")
        command = [sys.executable, "-m", "stream_app", "produce", *arguments, *seeded]
        start = ("--start", datetime.fromtimestamp(start_s, UTC).isoformat())
        log = site.folder / f"producer-{model}.log"
        yield BoundProcess([*command, *start], log, env={**os.environ, **site.environ})


def _send_invalid_records(site: Site) -> None:
    now_ms = time.time_ns() // 1_000_000
    for model in site.models:
        events = [Event(f"{n}".encode(), b"{}", now_ms) for n in range(10)]
        publish(events, Destination(site.kafka, model["topic"]), rate=1000.0)


def _wait_for(site: Site, prometheus: LocalPrometheus, expression: str) -> None:
    site.wait_until(expression, lambda: bool(prometheus.query(expression)), timeout_s=WAIT_S)
