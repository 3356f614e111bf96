"""Free ports: nobody listens there, and no outgoing connection is given one."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from stream_app.edges.host import ports


def test_a_port_is_free_until_someone_listens_there() -> None:
    port = ports.free_port()
    assert ports.is_free(port)
    with socket.socket() as server:
        server.bind((ports.HOST, port))
        server.listen()
        assert not ports.is_free(port)


def test_free_ports_are_below_those_of_outgoing_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    range_file = tmp_path / "range"
    range_file.write_text("20000\t60999\n", "ascii")
    monkeypatch.setattr(ports, "_EPHEMERAL_RANGE", range_file)
    assert all(10_240 <= ports.free_port() < 20_000 for _ in range(100))


@pytest.mark.parametrize("range_of_outgoing", ["1024\t65535\n", None])
def test_without_ports_below_those_of_outgoing_connections_the_system_chooses(
    range_of_outgoing: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    range_file = tmp_path / "range"
    if range_of_outgoing:
        range_file.write_text(range_of_outgoing, "ascii")
    monkeypatch.setattr(ports, "_EPHEMERAL_RANGE", range_file)
    assert ports.is_free(ports.free_port())
