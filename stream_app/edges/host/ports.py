"""Finds free TCP ports for the servers that a demo, a test or a benchmark starts."""

from __future__ import annotations

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"

_LOWEST = 10_240
_TRIES = 64
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at this moment.

    It is below the ports that the system assigns to outgoing connections, if the system says which those are. Without
    that, any client could get the port while the server is starting or down for a restart, and a client that keeps
    retrying a server that is down would eventually be connected to itself.
    """
    below = range(_LOWEST, _lowest_ephemeral())
    for port in random.sample(below, min(_TRIES, len(below))):
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        assigned: int = probe.getsockname()[1]
        return assigned


def is_free(port: int) -> bool:
    """Return whether a server could listen on a port of 127.0.0.1 at this moment."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: ended connections do not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _lowest_ephemeral() -> int:
    try:
        return int(_EPHEMERAL_RANGE.read_text("ascii").split()[0])
    except OSError:
        return _LOWEST
