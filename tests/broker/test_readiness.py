"""Readiness of a real worker means progress, not only an assignment."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import pytest

from producers.publish import Destination, publish
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.edges.kafka.local.broker import LocalKafka
from tests.support.servers.brokers import START_S
from tests.support.servers.http_requests import ask
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)


def reasons_of(site: Site, path: str = "/readyz") -> list[str] | None:
    """Return what the worker waits for; None before its endpoint answers."""
    ports = re.findall(r"metrics on\s+http://[^:]+:(\d+)", site.log_path.read_text("utf-8"))
    if not ports:
        return None
    response, body = ask(int(ports[-1]), "GET", path)
    reasons = list(json.loads(body)["waiting_for"])
    assert (response.status == 200) == (not reasons)
    return reasons


def test_a_worker_without_its_broker_is_alive_and_not_ready(tmp_path: Path, app_id: str) -> None:
    with LocalKafka(tmp_path / "kafka", start_timeout_s=START_S) as broker:
        site = open_site(broker.bootstrap, tmp_path, app_id, "loans", n_partitions=2)
        events = simulate_loans(1, Timeline(1_795_449_600_000, 0.01), DriftSchedule())
        publish(islice(events, 100), Destination(site.kafka, site.models[0]["topic"]))
        with site.worker() as worker:
            site.wait_until("it is ready", lambda: reasons_of(site) == [])
            broker.kill()
            site.wait_until("it says why it is not ready", lambda: bool(reasons_of(site)))
            assert set(reasons_of(site) or []) <= {"assignment", "broker", "progress", "recovery"}
            assert reasons_of(site, "/livez") == []
            broker.start()
            site.wait_until("it is ready again", lambda: reasons_of(site) == [])
            assert worker.exit_code() is None
