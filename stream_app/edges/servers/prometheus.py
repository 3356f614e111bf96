"""A Prometheus on this machine that scrapes given workers and evaluates the shipped rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from stream_app.edges.servers.process import LocalServer, find_program
from stream_app.edges.servers.shipped import MonitoringIntervals, WebTarget, write_prometheus_files

PROGRAMS = ("prometheus",)
_RESEND_S = 3  # interval in which firing alerts are sent again; the default is a minute


class LocalPrometheus(LocalServer):
    """Prometheus with the shipped files; only addresses and times differ.

    Args:
        state_dir: Folder for files, data and log.
        workers: Addresses of the metrics to scrape, ``host:port``.
        alertmanager: Address of a running Alertmanager; None for none. The start waits until it is discovered.
        sink_url: Base address of the links to runbooks; None keeps the shipped one.
        pace: Intervals; None keeps the shipped ones.
        web: A web application to scrape; None for none.
        web_url: Base address of the links to cases; None for none.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        workers: Sequence[str],
        alertmanager: str | None = None,
        sink_url: str | None = None,
        pace: MonitoringIntervals | None = None,
        web: WebTarget | None = None,
        web_url: str | None = None,
    ) -> None:
        super().__init__("prometheus", PROGRAMS, "prometheus", state_dir)
        self._workers, self._alertmanager = list(workers), alertmanager
        self._sink_url, self._pace, self._web, self._web_url = sink_url, pace, web, web_url

    def arguments(self) -> list[str]:
        """Write the files and return the arguments."""
        main = write_prometheus_files(
            self.state_dir / "etc",
            workers=self._workers,
            address=self.address,
            alertmanager=self._alertmanager,
            sink_url=self._sink_url,
            pace=self._pace,
            web=self._web,
            web_url=self._web_url,
        )
        return [
            f"--config.file={main}",
            f"--storage.tsdb.path={self.state_dir / 'data'}",
            f"--web.listen-address={self.address}",
            f"--web.external-url={self.url}",
            f"--rules.alert.resend-delay={_RESEND_S}s",
        ]

    def is_ready(self) -> bool:
        """Return whether it serves queries and has discovered its Alertmanager."""
        if not super().is_ready():
            return False
        return self._alertmanager is None or bool(self._get("/api/v1/alertmanagers")["activeAlertmanagers"])

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the instant vector of an expression now, as the HTTP API gives it; empty if it does not answer."""
        vector: list[dict[str, Any]] = self._get("/api/v1/query?" + urlencode({"query": expression})).get("result", [])
        return vector

    def firing(self) -> list[dict[str, Any]]:
        """Return the firing alerts except the Watchdog, as the HTTP API gives them."""
        alerts = self._get("/api/v1/alerts").get("alerts", [])
        return [alert for alert in alerts if alert["state"] == "firing" and alert["labels"]["alertname"] != "Watchdog"]

    def _get(self, path: str) -> dict[str, Any]:
        answer = self.ask(path)
        data: dict[str, Any] = msgspec.json.decode(answer)["data"] if answer else {"activeAlertmanagers": []}
        return data


def find_prometheus() -> str | None:
    """Return the path of the program; None if it is not installed."""
    return find_program(*PROGRAMS)
