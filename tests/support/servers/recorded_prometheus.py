"""A real Prometheus over recorded samples: a text with times becomes blocks, the blocks are what it serves."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from stream_app.edges.servers.process import LocalServer, find_program
from stream_app.errors import DependencyMissingError

PROMTOOL = "promtool"


class QueryRefusedError(Exception):
    """Prometheus did not take a query."""


class PromApi:
    """The queries that Grafana asks, of any Prometheus.

    Args:
        url: Base address.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def instant(self, expr: str, at_s: float) -> list[dict[str, Any]]:
        """Return the vector of an expression at one time; a scalar becomes one sample without labels."""
        data = self._get("query", {"query": expr, "time": at_s})
        if data["resultType"] == "scalar":
            return [{"metric": {}, "value": data["result"]}]
        found: list[dict[str, Any]] = data["result"]
        return found

    def over(self, expr: str, start_s: float, end_s: float, step_s: float) -> list[dict[str, Any]]:
        """Return the series of an expression over a time."""
        parameters = {"query": expr, "start": start_s, "end": end_s, "step": step_s}
        found: list[dict[str, Any]] = self._get("query_range", parameters)["result"]
        return found

    def label_values(self, selector: str, label: str, start_s: float, end_s: float) -> list[str]:
        """Return the values of a label among the series of a selector."""
        parameters = {"match[]": selector, "start": start_s, "end": end_s}
        found: list[str] = self._get(f"label/{label}/values", parameters)
        return found

    def _get(self, path: str, parameters: dict[str, Any]) -> Any:
        import urllib.error  # noqa: PLC0415
        import urllib.request  # noqa: PLC0415

        url = f"{self._url}/api/v1/{path}?{urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310  # the server of this test
                return msgspec.json.decode(answer.read())["data"]
        except urllib.error.HTTPError as rejected:
            with rejected:
                raise QueryRefusedError(f"{parameters}: {rejected.read().decode()}") from None


class RecordedPrometheus(LocalServer):
    """Prometheus over blocks; it scrapes nothing and knows no rules.

    Args:
        state_dir: Folder for blocks and log.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__("prometheus", ("prometheus",), "prometheus", state_dir)

    @property
    def api(self) -> PromApi:
        """What answers queries."""
        return PromApi(self.url)

    def record(self, openmetrics: str) -> None:
        """Make blocks of a text in the OpenMetrics format, before the start."""
        program = find_program(PROMTOOL)
        if program is None:
            raise DependencyMissingError("promtool is not installed", action="apt install prometheus")
        self.state_dir.mkdir(parents=True, exist_ok=True)
        text = self.state_dir / "samples.txt"
        text.write_text(openmetrics, "utf-8")
        data = self.state_dir / "data"
        command = [program, "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(text), str(data)]
        subprocess.run(command, check=True, capture_output=True)

    def arguments(self) -> list[str]:
        """Write an empty configuration and return the arguments."""
        config = self.state_dir / "prometheus.yml"
        config.write_text("{}\n", "utf-8")
        return [
            f"--config.file={config}",
            f"--storage.tsdb.path={self.state_dir / 'data'}",
            f"--web.listen-address={self.address}",
        ]
