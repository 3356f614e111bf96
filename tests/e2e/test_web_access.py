"""A real Prometheus scrapes and a real Alertmanager notifies, through TLS, a client certificate and a secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.metrics.health import Health
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.edges.metrics.server import MetricsServer
from stream_app.edges.servers.alertmanager import LocalAlertmanager
from stream_app.edges.servers.prometheus import LocalPrometheus
from stream_app.edges.servers.shipped import MonitoringIntervals
from stream_app.edges.web.access import WebAccess
from stream_app.policy import load_policy
from tests.support.servers.alerting import need_servers, wait_until
from tests.support.servers.secured.certificates import Authority
from tests.support.tiers import skip_or_fail

_CONFIG = """\
tls_server_config:
  cert_file: server.pem
  key_file: server.pem
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
"""
_PACE = MonitoringIntervals(scrape_s=1)


class Folder:
    """Certificates and secrets of both sides."""

    def __init__(self, path: Path) -> None:
        self.path = path
        authority = Authority(path, "ca")
        authority.issue("server.pem", "127.0.0.1")
        authority.issue("client.pem", "prometheus", cn="prometheus")
        self.write("web.yml", _CONFIG)

    def write(self, name: str, text: str) -> str:
        path = self.path / name
        path.write_text(text, "utf-8")
        return str(path)

    def tls(self) -> str:
        """Return the TLS options of a client of Prometheus or Alertmanager, as YAML in one line."""
        files = {"ca_file": "ca.pem", "cert_file": "client.pem", "key_file": "client.pem"}
        return json.dumps({name: str(self.path / file) for name, file in files.items()})


class SecuredPrometheus(LocalPrometheus):
    """Scrapes the workers with given options."""

    def __init__(self, folder: Path, worker: str, options: str, alertmanager: str | None = None) -> None:
        super().__init__(folder, workers=[worker], alertmanager=alertmanager, pace=_PACE)
        self._options = options

    def arguments(self) -> list[str]:
        arguments = super().arguments()
        replace_in(arguments[0], "job_name: fairstream\n", f"job_name: fairstream\n    scheme: https\n{self._options}")
        return arguments

    def is_scraping(self) -> bool:
        vector = self.query('up{job="fairstream"}')
        return bool(vector) and vector[0]["value"][1] == "1"


class SecuredAlertmanager(LocalAlertmanager):
    """Notifies with given options."""

    def __init__(self, folder: Path, sink_url: str, options: str) -> None:
        super().__init__(folder, sink_url=sink_url, pace=_PACE)
        self._options = options

    def arguments(self) -> list[str]:
        arguments = super().arguments()
        replace_in(arguments[0], "\nroute:\n", f"\nglobal:\n  http_config:\n{self._options}\nroute:\n")
        return arguments


def replace_in(argument: str, old: str, new: str) -> None:
    path = Path(argument.partition("=")[2])
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


@contextmanager
def worker_pages(access: WebAccess) -> Iterator[str]:
    registry = CollectorRegistry()
    Metrics(registry, load_policy("loans"), max_series=5000)
    server = MetricsServer(registry, Health(), "127.0.0.1", 0, access)
    server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop()


@contextmanager
def sink(folder: Folder) -> Iterator[tuple[str, Callable[[], str]]]:
    port, out = free_port(), folder.path / "sink.log"
    files = ["--web-config", str(folder.path / "web.yml"), "--web-token-file", str(folder.path / "token")]
    command = [sys.executable, "-m", "stream_app", "notify-sink", "--json", "--port", str(port), *files]
    with BoundProcess(command, out):
        wait_until(lambda: f"https://127.0.0.1:{port}/notify" in out.read_text("utf-8"), lambda: out.read_text("utf-8"))
        yield f"https://127.0.0.1:{port}", lambda: out.read_text("utf-8")


@pytest.mark.timeout(900)
def test_prometheus_and_alertmanager_reach_what_has_tls_a_client_certificate_and_a_token(tmp_path: Path) -> None:
    need_servers()
    folder = Folder(tmp_path)
    token = folder.write("token", "a-token-of-the-servers\n")
    sent = folder.write("sent", "a-token-of-the-servers")
    options = f"    tls_config: {folder.tls()}\n    authorization: {{ credentials_file: {json.dumps(sent)} }}\n"
    access = WebAccess(str(tmp_path / "web.yml"), token)
    with (
        sink(folder) as (sink_url, printed),
        worker_pages(access) as worker,
        SecuredAlertmanager(tmp_path / "alertmanager", sink_url, options) as alertmanager,
        SecuredPrometheus(tmp_path / "prometheus", worker, options, alertmanager.address) as prometheus,
    ):
        wait_until(prometheus.is_scraping, prometheus.log_tail)
        assert prometheus.query("fairstream_build_info")
        wait_until(lambda: '"alive"' in printed(), lambda: printed() + alertmanager.log_tail())
        folder.write("token", "the-token-of-tomorrow")
        wait_until(lambda: not prometheus.is_scraping(), prometheus.log_tail)
        folder.write("sent", "the-token-of-tomorrow")
        wait_until(prometheus.is_scraping, prometheus.log_tail)


@pytest.mark.timeout(900)
def test_prometheus_reaches_what_has_a_password(tmp_path: Path) -> None:
    need_servers()
    try:
        import bcrypt  # noqa: PLC0415  # what is missing is reported
    except ImportError:
        skip_or_fail("bcrypt is not installed (the extra web)")
    folder = Folder(tmp_path)
    hashed = bcrypt.hashpw(b"a password", bcrypt.gensalt(10)).decode()
    config = folder.write("web.yml", _CONFIG + f"basic_auth_users: {{ prometheus: {hashed} }}\n")
    password = json.dumps(folder.write("password", "a password"))
    login = f"    basic_auth: {{ username: prometheus, password_file: {password} }}\n"
    with (
        worker_pages(WebAccess(config)) as worker,
        SecuredPrometheus(tmp_path / "prometheus", worker, f"    tls_config: {folder.tls()}\n{login}") as prometheus,
    ):
        wait_until(prometheus.is_scraping, prometheus.log_tail)
