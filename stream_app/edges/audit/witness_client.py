"""Asks a witness for the cosignature of a checkpoint."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from stream_app.core.audit.checkpoints import SignedCheckpoint
from stream_app.core.audit.notes import Note, NoteError, VerifierKey, parse_signature
from stream_app.core.audit.witnessing import encode_request
from stream_app.errors import ConfigError, FairStreamError

_TIMEOUT_S = 10.0
_MAX_BYTES = 65_536
_MAX_SIZE_DIGITS = 19
_TRIES = 3
_ACTIONS: dict[int, str] = {
    HTTPStatus.NOT_FOUND: "Give it the verifier key of this log, and check the address",
    HTTPStatus.FORBIDDEN: "Give it the verifier key of this log",
}

Prove = Callable[[int], Sequence[bytes]]


class WitnessError(FairStreamError):
    """A witness does not answer, or not with a cosignature. Operator action: see the message."""


class WitnessConflictError(FairStreamError):
    """A witness has cosigned another history of this log. Operator action: ``fairstream audit verify``.

    Args:
        message: What is in conflict.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, action="The log was cut or rewritten, or it has two writers; see: audit verify")


class WitnessClient:
    """Asks one witness.

    Args:
        url: Address of the witness, up to what precedes ``/add-checkpoint``.
        key: Its verifier key.

    Raises:
        ConfigError: the address is neither ``https://`` nor ``http://``.
    """

    def __init__(self, url: str, key: VerifierKey) -> None:
        if not url.startswith(("https://", "http://")):
            raise ConfigError("The address of a witness begins with https:// or http://", action="audit_witness_url")
        self._address, self._key = url.rstrip("/") + "/add-checkpoint", key
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if url.startswith("https"):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
        self._opener = urllib.request.build_opener(*handlers)

    def cosign(self, signed: SignedCheckpoint, old_size: int, prove: Prove) -> Note:
        """Return the note of a checkpoint with a verified cosignature of the witness.

        Args:
            signed: The checkpoint, signed by its log.
            old_size: Size that the witness cosigned last, as far as is known; it says if that is wrong.
            prove: Returns the consistency proof from a smaller size.

        Raises:
            WitnessError: it does not answer, or not with a cosignature.
            WitnessConflictError: it has cosigned a larger log, or another history.
        """
        size = min(old_size, signed.checkpoint.size)
        for _ in range(_TRIES):
            proof = prove(size) if size else ()
            status, body = self._post(encode_request(size, proof, signed.note.encode()))
            if status == HTTPStatus.OK:
                return self._cosigned(signed, body)
            if status != HTTPStatus.CONFLICT:
                raise self._error(status)
            known = body.strip()
            if not known.isdigit() or len(known) > _MAX_SIZE_DIGITS:
                raise WitnessError(f"The witness {self._key.name} answers a conflict without a size")
            if int(known) > signed.checkpoint.size:
                raise WitnessConflictError(
                    f"The witness {self._key.name} has cosigned {int(known)} entries, and the log has "
                    f"{signed.checkpoint.size}"
                )
            if int(known) == size:
                raise WitnessConflictError(f"The witness {self._key.name} has cosigned another log of {size} entries")
            size = int(known)
        raise WitnessError(f"The witness {self._key.name} answers with another size each time", action="Try again")

    def _cosigned(self, signed: SignedCheckpoint, body: bytes) -> Note:
        try:
            lines = body.decode("utf-8").removesuffix("\n").split("\n")
            note = Note(signed.note.text, (*signed.note.signatures, *map(parse_signature, lines)))
            signature = note.signature_of(self._key)
        except (NoteError, UnicodeDecodeError):
            signature = None
        if signature is None:
            raise WitnessError(
                f"The answer of the witness is not a cosignature of {self._key.name}", action="Check its verifier key"
            )
        return Note(signed.note.text, (*signed.note.signatures, signature))

    def _error(self, status: int) -> FairStreamError:
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return WitnessConflictError(f"The witness {self._key.name} answers that this log does not continue")
        return WitnessError(
            f"The witness {self._key.name} answers with HTTP {status}", action=_ACTIONS.get(status, "Try again")
        )

    def _post(self, body: bytes) -> tuple[int, bytes]:
        request = urllib.request.Request(self._address, data=body, method="POST")  # noqa: S310  # the scheme was checked
        request.add_header("Content-Type", "text/plain; charset=utf-8")
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return int(answer.status), bytes(answer.read(_MAX_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(_MAX_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = getattr(error, "reason", error)
            raise WitnessError(
                f"The witness {self._key.name} does not answer ({type(cause).__name__})",
                action="Start it, or try again",
            ) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a witness is at its address or nowhere."""

    def redirect_request(self, *_: Any) -> None:
        return None
