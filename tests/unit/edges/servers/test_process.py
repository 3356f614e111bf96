"""A server that cannot start says why; what it needs is found on PATH. Real programs stand in for the servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.edges.servers.alertmanager import LocalAlertmanager, find_alertmanager
from stream_app.edges.servers.prometheus import LocalPrometheus, find_prometheus
from stream_app.edges.servers.shipped import write_prometheus_files
from stream_app.errors import DependencyMissingError, FairStreamError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of its own, empty at first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_a_server_that_is_not_installed_is_an_error_with_the_package(programs: Path, tmp_path: Path) -> None:
    assert not list(programs.iterdir())
    assert find_prometheus() is None
    assert find_alertmanager() is None
    with pytest.raises(DependencyMissingError, match="apt install prometheus"):
        LocalPrometheus(tmp_path / "p", workers=["127.0.0.1:1"]).start()
    with pytest.raises(DependencyMissingError, match="apt install prometheus-alertmanager"):
        LocalAlertmanager(tmp_path / "a", sink_url="http://127.0.0.1:1").start()


def alertmanager_of(programs: Path, folder: Path, script: str) -> LocalAlertmanager:
    """Return a server whose program is a script."""
    program = programs / "alertmanager"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return LocalAlertmanager(folder / "a", sink_url="http://127.0.0.1:1")


def test_a_server_that_ends_at_once_is_an_error_with_the_end_of_its_log(programs: Path, tmp_path: Path) -> None:
    server = alertmanager_of(programs, tmp_path, "echo 'level=error err=broken'\nexit 3")
    with pytest.raises(FairStreamError, match="err=broken"):
        server.start()
    assert server.exit_code() is None
    server.stop()


def test_a_port_that_was_taken_in_the_meantime_is_replaced(programs: Path, tmp_path: Path) -> None:
    server = alertmanager_of(programs, tmp_path, 'echo "$3: bind: address already in use"\nexit 1')
    with pytest.raises(FairStreamError, match="address already in use"):
        server.start()
    tried = {line.split()[0] for line in server.log_path.read_text("utf-8").splitlines()}
    assert len(tried) == 3


def test_a_shipped_file_without_the_text_to_replace_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "prometheus.yml").write_text("global: {}\n")
    monkeypatch.setattr("stream_app.edges.servers.shipped.prometheus_dir", lambda: tmp_path)
    with pytest.raises(LookupError, match="dns_sd_configs"):
        write_prometheus_files(
            tmp_path / "out", workers=["a:1"], address="a:2", alertmanager=None, sink_url=None, pace=None
        )
