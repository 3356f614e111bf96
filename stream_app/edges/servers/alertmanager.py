"""An Alertmanager on this machine with the shipped routing tree and one receiver."""

from __future__ import annotations

from pathlib import Path

from stream_app.edges.servers.process import LocalServer, find_program
from stream_app.edges.servers.shipped import MonitoringIntervals, write_alertmanager_files

PROGRAMS = ("prometheus-alertmanager", "alertmanager")


class LocalAlertmanager(LocalServer):
    """Alertmanager with the shipped files; only addresses and times differ.

    Args:
        state_dir: Folder for files, data and log.
        sink_url: Base address of the receiver, ``http://host:port``.
        pace: Intervals; None keeps the shipped ones.
    """

    def __init__(self, state_dir: Path, *, sink_url: str, pace: MonitoringIntervals | None = None) -> None:
        super().__init__("alertmanager", PROGRAMS, "prometheus-alertmanager", state_dir)
        self._sink_url, self._pace = sink_url, pace

    def arguments(self) -> list[str]:
        """Write the files and return the arguments."""
        main = write_alertmanager_files(self.state_dir / "etc", sink_url=self._sink_url, pace=self._pace)
        return [
            f"--config.file={main}",
            f"--storage.path={self.state_dir / 'data'}",
            f"--web.listen-address={self.address}",
            f"--web.external-url={self.url}",
            "--cluster.listen-address=",  # no gossip: there is only this one
        ]


def find_alertmanager() -> str | None:
    """Return the path of the program; None if it is not installed."""
    return find_program(*PROGRAMS)
