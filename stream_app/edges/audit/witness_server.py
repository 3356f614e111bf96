"""The HTTP side of a witness: ``POST /add-checkpoint`` and ``GET /livez``.

It trusts no client: what it cosigns is signed by a log that it knows, and is proven to continue what it has cosigned.

Source: C2SP tlog-witness.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from stream_app.core.audit.notes import NoteError, SigningKey, VerifierKey
from stream_app.core.audit.witnessing import MAX_REQUEST_BYTES, SIZE_TYPE, Ruling, cosign, parse_request, rule
from stream_app.edges.audit.witness_store import WitnessStore
from stream_app.edges.host.http_server import TEXT, HttpServer, QuietHandler
from stream_app.edges.web.access import WebAccess
from stream_app.errors import FairStreamError

_log = logging.getLogger(__name__)


class Witness:
    """Cosigns the checkpoints of some logs.

    Args:
        key: Signing key of the witness.
        logs: Verifier keys of the logs, by origin.
        store: Its memory.
        now: The clock.
    """

    def __init__(
        self,
        key: SigningKey,
        logs: Mapping[str, VerifierKey],
        store: WitnessStore,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._logs, self._store, self._now = key, logs, store, now

    def add_checkpoint(self, body: bytes) -> tuple[Ruling, bytes]:
        """Answer a request.

        Args:
            body: The body of the request.

        Returns:
            The ruling, and the body of the answer: the line of the cosignature, or the size of a conflict.

        Raises:
            NoteError: the request is malformed.
            FairStreamError: the memory cannot be read or written; nothing is cosigned.
        """
        request = parse_request(body)
        origin = request.signed.checkpoint.origin
        with self._store.exclusive():
            last = self._store.last(origin) if origin in self._logs else None
            ruling = rule(request, self._logs, last)
            if ruling.status is not HTTPStatus.OK:
                _log.warning("Rejected a checkpoint status=%d size=%d", ruling.status, request.signed.checkpoint.size)
                return ruling, b"" if ruling.size is None else f"{ruling.size}\n".encode()
            note = cosign(request.signed, self._key, int(self._now()))
            self._store.store(origin, note)
        _log.info("Cosigned a checkpoint size=%d", request.signed.checkpoint.size)
        return ruling, note.signatures[-1].line().encode()


class WitnessServer(HttpServer):
    """Serves a witness on a thread of its own.

    Args:
        witness: Answers the requests.
        host: Address to bind to.
        port: Port; 0 chooses a free one.
        access: Who may ask; None for everybody, as a checkpoint is signed by its log.

    Raises:
        ConfigError: the address cannot be bound.
    """

    def __init__(
        self, witness: Witness, *, host: str = "127.0.0.1", port: int = 0, access: WebAccess | None = None
    ) -> None:
        handler = type("Handler", (_WitnessHandler,), {"witness": witness})
        setting = "choose another with --port"
        super().__init__(handler, host, port, purpose="the witness", port_setting=setting, access=access)
        self._host = host

    @property
    def base_url(self) -> str:
        """Address under which it listens."""
        return f"{self.scheme}://{self._host}:{self.port}"


class _WitnessHandler(QuietHandler):
    witness: Witness
    allowed_methods = "GET, HEAD, POST"
    open_paths = frozenset({"/livez"})

    def do_POST(self) -> None:  # noqa: N802  # the base class looks for this name
        """Answer ``add-checkpoint``."""
        if self.path != "/add-checkpoint":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        declared = self.headers.get_all("Content-Length") or []
        if self.headers.get("Transfer-Encoding") or len(declared) != 1 or not re.fullmatch(r"[0-9]{1,12}", declared[0]):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(declared[0]) > MAX_REQUEST_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._answer(self.rfile.read(int(declared[0])))

    def do_GET(self) -> None:  # noqa: N802  # the base class looks for this name
        """Answer a health check."""
        if self.path == "/livez":
            self.send(HTTPStatus.OK, TEXT, b"ok\n")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815  # the base class looks for this name

    def _answer(self, body: bytes) -> None:
        try:
            ruling, answer = self.witness.add_checkpoint(body)
        except NoteError:
            self.send_error(HTTPStatus.BAD_REQUEST)
        except FairStreamError as error:
            _log.error("Cannot cosign: %s", error)  # one line: a traceback says no more
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            content_type = TEXT if ruling.size is None else SIZE_TYPE
            self.send(ruling.status, content_type, answer or ruling.status.phrase.encode() + b"\n")
