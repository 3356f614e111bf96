"""The records of ``fairness-checkpoints``: the complete state of a judge after one of its journal entries.

A verification can begin there, so that it does not need source records of years ago. A checkpoint is compressed and
cut in pieces that the broker takes; the journal entry with which it was made names its digest.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec

from stream_app.core.decoding import decode_message_pack
from stream_app.core.windows.tally_changes import StateKey
from stream_app.pipeline.records.codec import MessagePackCodec

SCHEMA = 1
_MAX_PIECE_BYTES = 400_000  # far below the broker's limit of 1 MiB for a record
_MIN_LIMIT_BYTES, _MAX_RATIO = 64 * 1024**2, 200  # of a state: a forged record must not fill the memory

StateEntries = dict[StateKey, bytes]


class CheckpointHead(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint without its state.

    Attributes:
        schema: Version of this format.
        model: Name of the model, or of its outcomes.
        app_id: Deployment that judged.
        number: Number of the journal entry after which the state was as it is here.
        policy_hash: Policy of the model under which it was judged.
        code_version: Version of FairStream that judged; another version cannot be relied on to continue bit for bit.
        closed_before_s: Panes that start before this event time were closed.
        digest: What the journal entry says about the state, ``verdict_digest`` of it.
    """

    schema: int
    model: str
    app_id: str
    number: int
    policy_hash: str
    code_version: str
    closed_before_s: int
    digest: str


class CheckpointPiece(msgspec.Struct, frozen=True, kw_only=True):
    """One record: a part of a checkpoint.

    Attributes:
        head: Of which checkpoint.
        piece: Number of the part, from 0.
        n_pieces: How many parts there are.
        data: The part.
    """

    head: CheckpointHead
    piece: int
    n_pieces: int
    data: bytes

    @property
    def key(self) -> str:
        """``model|app_id|number|piece``."""
        return f"{self.head.model}|{self.head.app_id}|{self.head.number}|{self.piece}"


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The complete state of a judge.

    Attributes:
        head: What it is.
        entries: The entries of the state, as the changelog topic has them.
    """

    head: CheckpointHead
    entries: StateEntries


_codec = MessagePackCodec(CheckpointPiece)
encode_piece, decode_piece = _codec.encode, _codec.decode

_Items = list[tuple[tuple[str | int, ...], bytes]]


def pieces_of(checkpoint: Checkpoint) -> list[CheckpointPiece]:
    """Return a checkpoint as records.

    >>> head = CheckpointHead(schema=1, model="m", app_id="a", number=7, policy_hash="", code_version="1",
    ...                       closed_before_s=60, digest="")
    >>> checkpoint = Checkpoint(head=head, entries={("clock",): b"12:00", ("window", "1m", 0): bytes(1_000_000)})
    >>> [piece.key for piece in pieces_of(checkpoint)], checkpoint_of(pieces_of(checkpoint)) == checkpoint
    (['m|a|7|0'], True)
    """
    data = zlib.compress(msgspec.msgpack.encode(list(checkpoint.entries.items())))
    parts = [data[first : first + _MAX_PIECE_BYTES] for first in range(0, len(data), _MAX_PIECE_BYTES)]
    return [
        CheckpointPiece(head=checkpoint.head, piece=number, n_pieces=len(parts), data=part)
        for number, part in enumerate(parts)
    ]


def checkpoint_of(pieces: Iterable[CheckpointPiece]) -> Checkpoint:
    """Put a checkpoint together from its records, given in their order.

    Raises:
        ValueError: one is missing, or they are not a checkpoint.
    """
    pieces = list(pieces)
    if not pieces or len(pieces) != pieces[0].n_pieces or [piece.piece for piece in pieces] != [*range(len(pieces))]:
        raise ValueError("a piece of the checkpoint is missing")
    packed, unpacking = b"".join(piece.data for piece in pieces), zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, _MIN_LIMIT_BYTES + _MAX_RATIO * len(packed))
        if not unpacking.eof:
            raise ValueError("the checkpoint is truncated, or too large")
        return Checkpoint(head=pieces[0].head, entries=dict(decode_message_pack(data, _Items)))
    except (zlib.error, msgspec.MsgspecError):
        raise ValueError("the checkpoint cannot be read") from None
