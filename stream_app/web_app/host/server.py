"""Runs the application in uvicorn until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import uvicorn

from stream_app.errors import ConfigError
from stream_app.web_app.host.limits import Application, RequestLimits

_MAX_HEADER = 16_384
_MAX_CONNECTIONS = 200
_KEEP_ALIVE_S = 15
_STOP_S = 5


class _Server(uvicorn.Server):
    """A server whose signals are handled by its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """Open the socket of the server; port 0 takes a free one.

    Raises:
        ConfigError: the address is in use or is none of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"Cannot listen on {host}:{port}: {reason}", action="Choose another --web-port") from None


def serve(
    application: Application, listener: socket.socket, signals: Iterable[signal.Signals], on_started: Callable[[], None]
) -> None:
    """Answer requests until one of the signals arrives."""
    config = uvicorn.Config(
        RequestLimits(application),
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,  # addresses may contain one-time links
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=_MAX_HEADER,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S,
    )
    server = _Server(config)

    def stop() -> None:
        server.should_exit = True

    async def run() -> None:
        for number in signals:
            asyncio.get_running_loop().add_signal_handler(number, stop)
        on_started()
        await server.serve(sockets=[listener])

    asyncio.run(run())
