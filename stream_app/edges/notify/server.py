"""The HTTP side of the notification sink: ``POST /notify``, ``GET /livez``, ``GET /runbooks/NAME``.

It trusts no client: bodies and their time are bounded, anything that is not a notification gets 400, and nothing that
was sent is echoed. It binds to loopback by default: without rules about access everybody who reaches it may notify.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from stream_app.edges.host.http_server import TEXT, HttpServer, QuietHandler
from stream_app.edges.notify.notification import Notification, read_notification
from stream_app.edges.web.access import WebAccess

MAX_BODY_BYTES = 1_048_576  # a group of some hundred alerts
_RUNBOOK = re.compile(r"/runbooks/([A-Za-z]{1,60})(\.md)?")


class NotificationServer(HttpServer):
    """Receives notifications on a thread of its own.

    Args:
        on_notification: Called for each notification, one at a time per connection; must be thread-safe.
        runbooks: Text by alert, for the links in notifications.
        host: Address to bind to.
        port: Port; 0 chooses a free one.
        access: Who may notify and read runbooks; None for everybody.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def __init__(
        self,
        on_notification: Callable[[Notification], None],
        *,
        runbooks: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        access: WebAccess | None = None,
    ) -> None:
        members = {"on_notification": staticmethod(on_notification), "runbooks": runbooks or {}}
        handler = type("Handler", (_NotificationHandler,), members)
        setting = "choose another with --port"
        super().__init__(handler, host, port, purpose="notifications", port_setting=setting, access=access)
        self._host = host

    @property
    def base_url(self) -> str:
        """Address under which it listens."""
        return f"{self.scheme}://{self._host}:{self.port}"


class _NotificationHandler(QuietHandler):
    on_notification: Callable[[Notification], None]
    runbooks: Mapping[str, str]
    allowed_methods = "GET, HEAD, POST"
    open_paths = frozenset({"/livez"})

    def do_POST(self) -> None:  # noqa: N802  # the base class looks for this name
        """Receive a notification."""
        if self.path.partition("?")[0] != "/notify":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        size = self._body_size()
        if size is None:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif size > MAX_BODY_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._receive(size)

    def do_GET(self) -> None:  # noqa: N802  # the base class looks for this name
        """Answer a health check, or with a runbook."""
        path = self.path.partition("?")[0]
        runbook = _RUNBOOK.fullmatch(path)
        if path == "/livez":
            self.send(HTTPStatus.OK, TEXT, b"ok\n")
        elif runbook and runbook[1] in self.runbooks:
            self.send(HTTPStatus.OK, TEXT, self.runbooks[runbook[1]].encode())
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815  # the base class looks for this name

    def _body_size(self) -> int | None:
        """Return the declared size; None if it is missing or not a number, or if the body comes in chunks."""
        declared = self.headers.get_all("Content-Length") or []
        if self.headers.get("Transfer-Encoding") or len(declared) != 1 or not re.fullmatch(r"[0-9]{1,12}", declared[0]):
            return None
        return int(declared[0])

    def _receive(self, size: int) -> None:
        try:
            notification = read_notification(self.rfile.read(size))
        except TimeoutError:
            self.send_error(HTTPStatus.REQUEST_TIMEOUT)
            return
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        self.on_notification(notification)
        self.send(HTTPStatus.OK, TEXT, b"accepted\n")
