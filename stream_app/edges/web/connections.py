"""Bounds the connections of a server: a further one ends the one whose request is the oldest.

A client that sends a byte now and then, or nothing at all, is the first to go, so that slow clients keep nobody out.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Condition

MAX_CONNECTIONS = 200
_PATIENCE_S = 1.0  # until one of too many connections has ended


class Connections:
    """The open connections of a server, each with its thread; thread-safe."""

    def __init__(self) -> None:
        self._open: dict[socket.socket, bool] = {}  # whether it was told to end; the oldest request first
        self._changed = Condition()

    def enter(self, connection: socket.socket) -> bool:
        """Take in a connection, at the cost of the oldest if there are too many; return whether there is room."""
        with self._changed:
            if len(self._open) >= MAX_CONNECTIONS:
                self._end_oldest()
                self._changed.wait_for(lambda: len(self._open) < MAX_CONNECTIONS, _PATIENCE_S)
            has_room = len(self._open) < MAX_CONNECTIONS
            if has_room:
                self._open[connection] = False
            return has_room

    def renew(self, former: socket.socket, connection: socket.socket) -> None:
        """Make a connection the newest, under another object where TLS begins or ends."""
        with self._changed:
            if (is_ended := self._open.pop(former, None)) is not None:
                self._open[connection] = is_ended

    def leave(self, connection: socket.socket) -> None:
        """Forget a connection that has ended."""
        with self._changed:
            self._open.pop(connection, None)
            self._changed.notify()

    def _end_oldest(self) -> None:
        oldest = next((connection for connection, is_ended in self._open.items() if not is_ended), None)
        if oldest is not None:
            self._open[oldest] = True
            with suppress(OSError):  # of a client that has just gone
                socket.socket.shutdown(oldest, socket.SHUT_RDWR)  # its thread ends, and with TLS without a word
