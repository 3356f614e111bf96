"""Receive Alertmanager's webhooks and write a message for people: a start for your own chat or ticket bridge.

Only the standard library and FairStream. Configure Alertmanager with

    receivers:
      - name: people
        webhook_configs: [{ url: "http://127.0.0.1:9095/notify" }]

and run

    python sink.py [--port 9095]

``fairstream notify-sink`` is the complete tool: it also notices when notifications stop.
"""

from __future__ import annotations

import argparse
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

from fairstream.notifications import Notification, describe_notification, read_notification, title_of

MAX_BODY_BYTES = 1_000_000


def deliver(notification: Notification) -> None:
    """Write the message; replace this by a call to your chat or ticket system."""
    if not notification.is_watchdog:  # the Watchdog fires always, to show that notifications arrive
        print(f"Subject: {title_of(notification)}\n\n{describe_notification(notification, time.time())}", flush=True)


class Handler(BaseHTTPRequestHandler):
    """Takes in ``POST /notify``."""

    def do_POST(self) -> None:
        """Read one notification and deliver it."""
        size = int(self.headers.get("Content-Length") or 0)
        if self.path != "/notify" or not 0 < size <= MAX_BODY_BYTES:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        try:
            notification = read_notification(self.rfile.read(size))
        except ValueError as error:  # its text names the field, never a value
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))
            return
        deliver(notification)
        self.send_response(HTTPStatus.OK)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log no requests: the messages are the log."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Receive Alertmanager's webhooks.")
    parser.add_argument("--port", type=int, default=9095, help="Port; 0 takes a free one.")
    server = HTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"Listening on http://127.0.0.1:{server.server_port}/notify", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
