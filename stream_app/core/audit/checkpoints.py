"""Checkpoints: signed notes that fix the size and the root of a log.

    ORIGIN
    SIZE
    base64(ROOT)

Source: C2SP tlog-checkpoint. A log never signs two checkpoints of which the second does not continue the first.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from stream_app.core.audit.merkle import HASH_BYTES
from stream_app.core.audit.notes import Note, NoteError, SigningKey, VerifierKey, parse_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_N_LINES = 3


@dataclass(frozen=True)
class Checkpoint:
    """What a log was at one moment.

    Attributes:
        origin: Name of the log.
        size: Number of its entries.
        root: Root of their Merkle tree, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint with the note that it was read from.

    Attributes:
        checkpoint: What the note says.
        note: The note.
    """

    checkpoint: Checkpoint
    note: Note


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> SignedCheckpoint:
    """Sign a checkpoint with the key of its log."""
    text = checkpoint.body()
    return SignedCheckpoint(checkpoint, Note(text, (key.sign(text),)))


def read_checkpoint(data: bytes) -> SignedCheckpoint:
    """Read a checkpoint; its signatures are not verified.

    Raises:
        NoteError: it is not a checkpoint.
    """
    note = parse_note(data)
    lines = note.text.split("\n")
    if len(lines) <= _N_LINES or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteError("Not a checkpoint: origin, size and root")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        raise NoteError("The root of the checkpoint is not a SHA-256 hash")
    return SignedCheckpoint(Checkpoint(lines[0], int(lines[1]), root), note)


def read_signed_checkpoint(data: bytes, key: VerifierKey, origin: str) -> SignedCheckpoint:
    """Read a checkpoint of one log and verify the signature of the log.

    Args:
        data: The note.
        key: The verifier key of the log.
        origin: Name of the log.

    Raises:
        NoteError: it is not a checkpoint, is of another log, or is not signed by this key.
    """
    signed = read_checkpoint(data)
    if signed.checkpoint.origin != origin:
        raise NoteError("The checkpoint is of another log")
    if signed.note.signature_of(key) is None:
        raise NoteError(f"The checkpoint is not signed by {key.name}")
    return signed
