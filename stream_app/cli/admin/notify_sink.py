"""``fairstream notify-sink``: receive notifications, and raise an alarm when none can arrive."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli import app
from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, facts, notes, print_json, read_settings
from stream_app.cli.produce.sending import stop_on_signals
from stream_app.edges.notify.heartbeat import TIMEOUT_S

if TYPE_CHECKING:
    from stream_app.edges.notify.heartbeat import HeartbeatChange
    from stream_app.edges.notify.notification import Notification

_LOOK_EVERY_S = 0.5
_log = logging.getLogger(__name__)


@app.command("notify-sink")
def notify_sink(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 9099,
    host: Annotated[str, typer.Option(help="Address to listen on; there is no authentication.")] = "127.0.0.1",
    watchdog_timeout: Annotated[
        float, typer.Option("--watchdog-timeout", min=1.0, help="Silence of the Watchdog that is an alarm, seconds.")
    ] = TIMEOUT_S,
    exit_on_silence: Annotated[
        bool, typer.Option("--exit-on-silence", help="End with 1 when the Watchdog falls silent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Receive what Alertmanager sends and print each notification as one block, until Ctrl-C.

    The alert `Watchdog` fires always; when it is not heard for long, Prometheus, Alertmanager or the way between them
    is broken, and no other alert would arrive either. It is sent once a minute: do not set the timeout below 180.
    The runbooks that notifications link to are served at /runbooks/.

    Example: fairstream notify-sink --port 9099
    """
    from stream_app.edges.host.logs import start_logging  # noqa: PLC0415  # other commands start faster
    from stream_app.edges.notify.server import NotificationServer  # noqa: PLC0415
    from stream_app.edges.servers.shipped import runbooks  # noqa: PLC0415

    start_logging(read_settings().log_level)
    sink = _Sink(watchdog_timeout, is_json=as_json)
    server = NotificationServer(sink.take, runbooks=runbooks(), host=host, port=port)
    with stop_on_signals() as stop:  # before anybody can know that it runs
        server.start()
        notes.print(f"Notifications are received at {server.base_url}/notify. Ctrl-C ends it.")
        try:
            was_silent = sink.watch(stop, ends_on_silence=exit_on_silence)
        finally:
            server.stop()
    if was_silent:
        raise typer.Exit(Exit.FAILED)


class _Sink:
    """Tells what arrives, and what does not. Notifications come on threads of their own: one lock, one block."""

    def __init__(self, timeout_s: float, *, is_json: bool) -> None:
        from stream_app.edges.notify.heartbeat import Heartbeat  # noqa: PLC0415

        self._heartbeat = Heartbeat(timeout_s, time.monotonic)
        self._is_json = is_json
        self._lock = threading.Lock()

    def take(self, notification: Notification) -> None:
        """Tell a notification; of the Watchdog only the first after a silence."""
        from stream_app.edges.notify.notification import describe_notification, title_of  # noqa: PLC0415

        now_s = time.time()
        if notification.is_watchdog:
            if (change := self._heartbeat.beat()) is not None:
                self._tell_watchdog(change, "The Watchdog is heard: notifications arrive", now_s)
            return
        _log.info("Notification %s to %s", title_of(notification), notification.receiver)
        with self._lock:
            if self._is_json:
                print_json({"event": "notification", "received_s": now_s, "notification": notification})
            else:
                facts.print(describe_notification(notification, now_s), markup=False)

    def watch(self, stop: threading.Event, *, ends_on_silence: bool) -> bool:
        """Wait until stopped, raising an alarm at each silence; return whether a silence ended the waiting."""
        while not stop.wait(_LOOK_EVERY_S):
            if (change := self._heartbeat.check()) is None:
                continue
            silence_s = self._heartbeat.silence_s
            _log.error("The Watchdog has been silent for %.0f s", silence_s)
            self._tell_watchdog(
                change,
                f"ALARM: the Watchdog has been silent for {silence_s:.0f} s. No alert can arrive; look at Prometheus "
                "and Alertmanager (runbook Watchdog)",
                time.time(),
            )
            if ends_on_silence:
                return True
        return False

    def _tell_watchdog(self, change: HeartbeatChange, text: str, now_s: float) -> None:
        with self._lock:
            if self._is_json:
                print_json({"event": "watchdog", "received_s": now_s, "state": change.value})
            else:
                facts.print(text, markup=False)
