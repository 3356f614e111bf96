"""``fairstream notify-sink``: receive notifications, and raise an alarm when none can arrive."""

from __future__ import annotations

import logging
import threading
import time
from typing import Annotated

import typer

from stream_app.cli.exits import Exit, stop_on_signals
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, read_settings
from stream_app.cli.flags.web import WebFlags, web_access
from stream_app.cli.layout.words import wrap_words
from stream_app.cli.output import facts, notes, print_json, print_lines, width_of
from stream_app.edges.host.logs import start_logging
from stream_app.edges.host.standard_streams import ReaderGone
from stream_app.edges.notify.heartbeat import TIMEOUT_S, Heartbeat, HeartbeatChange
from stream_app.edges.notify.notification import Notification, describe_notification, title_of
from stream_app.edges.notify.server import NotificationServer
from stream_app.edges.servers.shipped import runbooks
from stream_app.errors import WriteError

_CHECK_EVERY_S = 0.5
_INDENT = "    "
_log = logging.getLogger(__name__)


@with_flags
def notify_sink(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free port.")] = 9099,
    host: Annotated[str, typer.Option(help="Address to listen on; see --web-config.")] = "127.0.0.1",
    watchdog_timeout: Annotated[
        float,
        typer.Option("--watchdog-timeout", min=1.0, help="Raise an alarm after this many seconds without Watchdog."),
    ] = TIMEOUT_S,
    exit_on_silence: Annotated[
        bool, typer.Option("--exit-on-silence", help="End with 1 when the Watchdog is silent.")
    ] = False,
    web: WebFlags,
    as_json: Json = False,
) -> None:
    """Receive and print notifications from Alertmanager.

    Prints each notification as one block, until Ctrl-C. The runbooks that notifications link to are served at
    /runbooks/.

    The alert Watchdog always fires and is sent once a minute. When it is silent for long, Prometheus, Alertmanager or
    the connection between them is broken, and no other alert would arrive either. Do not set the timeout below 180.

    Example: fairstream notify-sink --port 9099
    """
    settings = read_settings(web_config=web.web_config, web_token_file=web.web_token_file)
    start_logging(settings.log_level)
    sink = _Sink(watchdog_timeout, is_json=as_json)
    server = NotificationServer(sink.take, runbooks=runbooks(), host=host, port=port, access=web_access(settings))
    with stop_on_signals() as stop:  # before anyone can know that the server runs
        server.start()
        notes.print(f"Receiving notifications at {server.base_url}/notify. Press Ctrl-C to stop.")
        try:
            was_silent = sink.monitor(stop, ends_on_silence=exit_on_silence)
        finally:
            server.stop()
    if was_silent:
        raise typer.Exit(Exit.FAILED)


class _Sink:
    """Prints what arrives, and that nothing does. Each notification has its own thread: one lock, one block."""

    def __init__(self, timeout_s: float, *, is_json: bool) -> None:
        self._heartbeat = Heartbeat(timeout_s, time.monotonic)
        self._is_json = is_json
        self._lock = threading.Lock()
        self._failure: WriteError | ReaderGone | None = None

    def take(self, notification: Notification) -> None:
        """Print a notification; of the Watchdog only the first after a silence."""
        try:
            self._print(notification)
        except (WriteError, ReaderGone) as failure:
            self._failure = failure
            raise

    def _print(self, notification: Notification) -> None:
        now_s = time.time()
        if notification.is_watchdog:
            if (change := self._heartbeat.beat()) is not None:
                self._print_watchdog(change, "The Watchdog is heard: notifications arrive", now_s)
            return
        _log.info("Notification %s to %s", title_of(notification), notification.receiver)
        with self._lock:
            if self._is_json:
                print_json({"event": "notification", "received_s": now_s, "notification": notification})
            else:
                _print_block(describe_notification(notification, now_s))

    def monitor(self, stop: threading.Event, *, ends_on_silence: bool) -> bool:
        """Wait until stopped, raising an alarm at each silence; return whether a silence ended the waiting.

        Raises:
            WriteError: a notification could not be printed.
            ReaderGone: nobody reads standard output any more.
        """
        while not stop.wait(_CHECK_EVERY_S):
            if self._failure is not None:
                raise self._failure
            if (change := self._heartbeat.check()) is None:
                continue
            silence_s = self._heartbeat.silence_s
            _log.error("The Watchdog has been silent for %.0f s", silence_s)
            self._print_watchdog(
                change,
                f"ALARM: the Watchdog has been silent for {silence_s:.0f} s. No alert can arrive; check Prometheus "
                "and Alertmanager (runbook Watchdog)",
                time.time(),
            )
            if ends_on_silence:
                return True
        return False

    def _print_watchdog(self, change: HeartbeatChange, text: str, now_s: float) -> None:
        with self._lock:
            if self._is_json:
                print_json({"event": "watchdog", "received_s": now_s, "state": change.value})
            else:
                facts.print(text, markup=False)


def _print_block(text: str) -> None:
    """Print a notification; its headline continues further in, so that every line at the margin begins a block."""
    headline, *lines = text.split("\n")
    first, *others = wrap_words(headline, width_of(facts) - len(_INDENT))
    print_lines([first, *(_INDENT + line for line in others), *lines])
