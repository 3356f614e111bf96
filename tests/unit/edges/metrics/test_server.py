"""The three pages, asked over a real socket."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from stream_app.edges.metrics.health import Health, ReadinessGate
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.server import MetricsServer
from stream_app.errors import ConfigError
from stream_app.policy import load_policy
from tests.support.clocks import Clock
from tests.support.servers.http_requests import ask, say


class Site:
    """A running server with its health and clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.health = Health(self.clock)
        registry = CollectorRegistry()
        self.metrics = Metrics(registry, load_policy("loans"), max_series=5000)
        self.server = MetricsServer(registry, self.health, "127.0.0.1", 0)
        self.server.start()

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        return ask(self.server.port, method, path, headers=headers)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.stop()


@pytest.mark.parametrize("version", ["9" * 24, "x", "", "1.0", "9" * 5000, "1.0.0\t1", "0x1.0.0"])
def test_a_version_that_does_not_exist_gets_plain_text(site: Site, version: str) -> None:
    response, body = site.ask("/metrics", Accept=f"application/openmetrics-text;version={version}")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b"fairstream_decisions_total" in body


def test_metrics_are_plain_text_unless_open_metrics_is_asked_for(site: Site) -> None:
    response, body = site.ask("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b'fairstream_decisions_total{model="loans",outcome="favorable"} 0.0' in body
    response, body = site.ask("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert response.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    families = text_string_to_metric_families(body.decode())  # type: ignore[no-untyped-call]  # prometheus_client's
    names = {family.name for family in families}
    assert "fairstream_decisions" in names
    assert b"_created" not in body


def test_a_head_request_has_headers_and_no_body(site: Site) -> None:
    response, body = site.ask("/metrics?x=1", "HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) > 1000


def test_the_process_is_alive_while_its_event_loop_turns(site: Site) -> None:
    site.clock.now_s += 29.9
    assert site.ask("/livez")[0].status == 200
    site.clock.now_s += 0.2
    response, body = site.ask("/livez")
    assert response.status == 503
    assert msgspec.json.decode(body)["silence_s"] == 30.1
    site.health.heartbeat()
    assert site.ask("/livez")[0].status == 200


def test_the_process_is_ready_when_it_waits_for_nothing(site: Site) -> None:
    response, body = site.ask("/readyz")
    assert (response.status, msgspec.json.decode(body)["waiting_for"]) == (503, ["assignment"])
    site.health.wait_for(ReadinessGate.RECOVERY)
    site.health.arrived(ReadinessGate.ASSIGNMENT)
    assert msgspec.json.decode(site.ask("/readyz")[1])["waiting_for"] == ["recovery"]
    site.health.arrived(ReadinessGate.RECOVERY)
    assert site.ask("/readyz")[0].status == 200
    site.clock.now_s += 31
    assert msgspec.json.decode(site.ask("/readyz")[1])["waiting_for"] == ["event loop"]


def test_other_paths_and_methods_are_refused_without_an_echo(site: Site) -> None:
    response, body = site.ask("/canary-4711")
    assert (response.status, body) == (404, b"Not Found\n")
    for method in ("POST", "PUT", "DELETE", "CANARY"):
        response, body = site.ask("/metrics", method)
        assert (response.status, response.headers["Allow"], body) == (405, "GET, HEAD", b"Method Not Allowed\n")


@pytest.mark.parametrize(
    "raw", [b"canary\r\n\r\n", b"GET canary canary canary HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
)
def test_a_broken_request_is_answered_without_an_echo(site: Site, raw: bytes) -> None:
    answer = say(site.server.port, raw)
    assert b" 400 " in answer or b" 505 " in answer
    assert b"canary" not in answer
    assert b"Python" not in answer


def test_a_port_that_is_taken_is_one_clear_error(site: Site) -> None:
    with pytest.raises(ConfigError, match="FAIRSTREAM_METRICS_PORT"):
        MetricsServer(CollectorRegistry(), Health(), "127.0.0.1", site.server.port)
