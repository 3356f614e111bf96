"""Real Prometheus, Alertmanager and sink processes that monitor any ``/metrics``: the harness of the alert tests.

How to use it::

    with open_alerting(folder, workers=["127.0.0.1:9464"]) as alerting:       # a worker's address, or an exporter's
        alerting.wait_for("FairnessBreach", "firing")                         # a notification that arrived at the sink
        alerting.prometheus.query("fairstream_alert_level")

The servers run with the shipped rules and the shipped routing tree; only addresses and times differ.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.notify.notification import FIRING, Notification, NotifiedAlert
from stream_app.edges.servers.alertmanager import LocalAlertmanager, find_alertmanager
from stream_app.edges.servers.prometheus import LocalPrometheus, find_prometheus
from stream_app.edges.servers.shipped import MonitoringIntervals
from tests.support.paths import ROOT
from tests.support.tiers import skip_or_fail

WAIT_S = 240.0
WEB_URL = "https://fairness.example"
_POLL_S = 0.1
Row = tuple[dict[str, str], float]
_EXPORTER = ROOT / "tests" / "e2e" / "exporter.py"


def need_servers() -> None:
    """Skip the test, or fail it in CI, if Prometheus or Alertmanager is not installed."""
    if find_prometheus() is None:
        skip_or_fail("prometheus is not installed (apt install prometheus)")
    if find_alertmanager() is None:
        skip_or_fail("prometheus-alertmanager is not installed (apt install prometheus-alertmanager)")


def need_tool(name: str) -> str:
    """Return the path of ``promtool`` or ``amtool``; skip or fail if it is not installed."""
    package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[name]
    return shutil.which(name) or skip_or_fail(f"{name} is not installed (apt install {package})")


def complaints_about_metrics(address: str) -> str:
    """Return the complaints of ``promtool check metrics`` about the ``/metrics`` at an address; empty without any."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=WAIT_S) as page:
        plain = page.read()  # without an Accept header: the format that promtool knows
    command = [need_tool("promtool"), "check", "metrics"]
    completed = subprocess.run(command, input=plain, capture_output=True, timeout=WAIT_S, check=False)
    output = (completed.stdout + completed.stderr).decode()
    return output or ("" if completed.returncode == 0 else f"exit code {completed.returncode}")


class Exporter:
    """A process that exports given rows at an address of its own. Rows have an owner, for example a model."""

    def __init__(self, folder: Path, name: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._path = folder / f"{name}.json"
        self._log = folder / f"{name}.log"
        self._owned: dict[str, dict[str, list[Row]]] = {}
        self._write()

    @contextmanager
    def running(self) -> Iterator[Exporter]:
        port = self.address.partition(":")[2]
        with BoundProcess([sys.executable, str(_EXPORTER), port, str(self._path)], self._log):
            yield self

    def show(self, owner: str, families: dict[str, list[Row]]) -> None:
        """Export these families of an owner from the next scrape on, replacing those with the same names."""
        self._owned[owner] = self._owned.get(owner, {}) | families
        self._write()

    def hide(self, owner: str) -> dict[str, list[Row]]:
        """Stop exporting the rows of an owner and return them."""
        families = self._owned.pop(owner)
        self._write()
        return families

    def _write(self) -> None:
        joined: dict[str, dict[str, list[Row]]] = {"gauge": {}, "counter": {}}
        for families in self._owned.values():
            for name, rows in families.items():
                kind = "counter" if name.endswith("_total") else "gauge"
                joined[kind].setdefault(name, []).extend(rows)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(joined), "utf-8")
        new.replace(self._path)


class Alerting:
    """The running servers, and what arrived at the sink."""

    def __init__(self, prometheus: LocalPrometheus, alertmanager: LocalAlertmanager, sink_url: str, out: Path) -> None:
        self.prometheus, self.alertmanager, self.sink_url = prometheus, alertmanager, sink_url
        self._out = out

    def events(self) -> list[dict[str, Any]]:
        """Return everything that the sink has printed."""
        lines = self._out.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and '"event"' in line]

    def notifications(self) -> list[Notification]:
        """Return what arrived at the sink, oldest first, without the Watchdog."""
        bodies = [event["notification"] for event in self.events() if event["event"] == "notification"]
        return msgspec.convert(bodies, list[Notification])

    def reported(self, name: str, status: str) -> list[tuple[Notification, NotifiedAlert]]:
        """Return each notification of an alert in a status."""
        return [
            (notification, alert)
            for notification in self.notifications()
            for alert in notification.alerts
            if (alert.labels["alertname"], alert.status) == (name, status)
        ]

    def wait_for(self, name: str, status: str = FIRING, n: int = 1) -> tuple[Notification, NotifiedAlert]:
        """Wait until an alert was reported in a status for the n-th time, and return that notification."""
        self.wait_until(lambda: len(self.reported(name, status)) >= n, f"{name} {status}, {n} times")
        return self.reported(name, status)[n - 1]

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Poll until a condition is true."""
        wait_until(condition, lambda: f"{what}; firing: {self.prometheus.firing()}; sent: {self.notifications()}")

    def wait_for_evaluations(self, n: int = 3) -> None:
        """Wait until the rules have been evaluated ``n`` times from now on."""

        def count() -> float:
            query = 'min(prometheus_rule_group_iterations_total{rule_group=~".*fairstream.*"})'
            vector = self.prometheus.query(query)
            return float(vector[0]["value"][1]) if vector else -1.0

        self.wait_until(lambda: count() >= 0, "the first evaluation")
        start = count()
        self.wait_until(lambda: count() >= start + n, f"{n} more evaluations")


def wait_until(condition: Callable[[], object], describe: Callable[[], str]) -> None:
    """Poll until a condition is true.

    Raises:
        AssertionError: it was not true in time; with what was awaited.
    """
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"Timed out waiting for {describe()}"
        time.sleep(_POLL_S)


@contextmanager
def open_alerting(folder: Path, workers: Sequence[str], pace: MonitoringIntervals | None = None) -> Iterator[Alerting]:
    """Start the sink, Alertmanager and Prometheus, in this order; end them with the block.

    Args:
        folder: For files, data and logs.
        workers: Addresses to scrape, ``host:port``: exporters or real workers.
        pace: Intervals; None for the shortest ones.
    """
    need_servers()
    pace = pace or MonitoringIntervals()
    with ExitStack() as parts:
        sink_url, out = _start_sink(parts, folder)
        alertmanager = parts.enter_context(LocalAlertmanager(folder / "alertmanager", sink_url=sink_url, pace=pace))
        prometheus = LocalPrometheus(
            folder / "prometheus",
            workers=workers,
            alertmanager=alertmanager.address,
            sink_url=sink_url,
            pace=pace,
            web_url=WEB_URL,
        )
        yield Alerting(parts.enter_context(prometheus), alertmanager, sink_url, out)


def _start_sink(parts: ExitStack, folder: Path) -> tuple[str, Path]:
    out = folder / "sink.log"
    port = free_port()
    sink = BoundProcess([sys.executable, "-m", "stream_app", "notify-sink", "--json", "--port", str(port)], out)
    parts.enter_context(sink)
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: f"{url}/notify" in out.read_text("utf-8"), lambda: f"the sink: {out.read_text('utf-8')}")
    return url, out
