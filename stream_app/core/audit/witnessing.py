"""What a witness cosigns: each checkpoint of a log that is proven to continue the last one that it has cosigned.

Source: C2SP tlog-witness, add-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint, read_checkpoint
from stream_app.core.audit.merkle import EMPTY_ROOT, HASH_BYTES
from stream_app.core.audit.notes import Note, NoteError, SigningKey, VerifierKey
from stream_app.core.audit.proofs import is_consistent

MAX_PROOF = 63
MAX_REQUEST_BYTES = 131_072
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class WitnessRequest:
    """A request to cosign a checkpoint.

    Attributes:
        old_size: Size of the last checkpoint that the witness has cosigned, as the log remembers it.
        proof: Consistency proof from that size.
        signed: The checkpoint.
    """

    old_size: int
    proof: tuple[bytes, ...]
    signed: SignedCheckpoint


@dataclass(frozen=True)
class Ruling:
    """The answer to a request.

    Attributes:
        status: ``OK`` if the checkpoint is to be cosigned.
        size: With ``CONFLICT``: size of the last checkpoint that was cosigned.
    """

    status: HTTPStatus
    size: int | None = None


def encode_request(old_size: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Return the body of a request."""
    lines = "".join(f"{base64.b64encode(node).decode()}\n" for node in proof)
    return f"old {old_size}\n{lines}\n".encode() + note


def parse_request(body: bytes) -> WitnessRequest:
    """Read the body of a request.

    Raises:
        NoteError: it is malformed.
    """
    head, empty_line, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (binascii.Error, ValueError):
        raise NoteError("The head of the request is malformed") from None
    old = _OLD.fullmatch(first)
    if not empty_line or old is None or len(proof) > MAX_PROOF or any(len(node) != HASH_BYTES for node in proof):
        raise NoteError("The head of the request is malformed")
    return WitnessRequest(int(old[1]), proof, read_checkpoint(note))


def rule(request: WitnessRequest, keys: Mapping[str, VerifierKey], last: Checkpoint | None) -> Ruling:
    """Decide whether a checkpoint is cosigned.

    Args:
        request: What the log asks.
        keys: Verifier keys of the known logs, by origin.
        last: The last checkpoint of this log that was cosigned; None before the first.
    """
    new = request.signed.checkpoint
    key = keys.get(new.origin)
    if key is None:
        return Ruling(HTTPStatus.NOT_FOUND)
    try:
        is_signed = request.signed.note.signature_of(key) is not None
    except NoteError:
        is_signed = False
    if not is_signed:
        return Ruling(HTTPStatus.FORBIDDEN)
    if request.old_size > new.size:
        return Ruling(HTTPStatus.BAD_REQUEST)
    size, root = (last.size, last.root) if last else (0, EMPTY_ROOT)
    if request.old_size != size or (size == new.size and root != new.root):
        return Ruling(HTTPStatus.CONFLICT, size)
    if not is_consistent(size, new.size, root, new.root, request.proof):
        return Ruling(HTTPStatus.UNPROCESSABLE_ENTITY)
    return Ruling(HTTPStatus.OK)


def cosign(signed: SignedCheckpoint, key: SigningKey, at_s: int) -> Note:
    """Return the note of a checkpoint with the cosignature of a witness behind its own signatures."""
    return Note(signed.note.text, (*signed.note.signatures, key.sign(signed.note.text, at_s)))
