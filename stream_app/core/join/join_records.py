"""The records of the outcome-join topic, in which decisions and outcomes meet: columns of tags and their values.

Ingest writes both into one partition of one topic, so that their join is a function of that log: the same live, after a
crash and in a replay. A tag is the first eight bytes of the keyed hash of the event id, under the key of the decision's
event time. When an outcome comes, that time is not known, so an outcome has a tag for each key epoch that may contain
its decision; a rotation of keys between the two loses no match.

A decision takes 12 bytes in the log, with a score 16; an outcome takes 5 bytes, and 8 for each key epoch.

A kind of record whose fields change otherwise than by new ones at the end gets another tag. By it an older version
knows that a newer one wrote the record, and does not pass it over.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_app.core.decoding import MessagePackDecoder, decode_message_pack
from stream_app.core.windows.deduplication import Tags

Cells32 = NDArray[np.uint32]
Seconds32 = NDArray[np.uint32]
Scores = NDArray[np.int32]
Labels = NDArray[np.uint8]

MAX_ROWS = 40_000  # of one record: below the broker's limit with two key epochs and a score


class JoinDecisions(msgspec.Struct, array_like=True, frozen=True, tag="d", kw_only=True):
    """Counted decisions of one flush of ingest, in the order of the raw topic.

    Attributes:
        layout_hash: Hash of the layout of the cells.
        time_s: When the broker took the last of them, seconds since the Unix epoch.
        tags: uint64 for each decision.
        cells: uint32 for each decision: its cell in the layout of the decisions.
        scores: int32 for each decision: its score in fixed point; empty without scores.
        policy_hash: Hash of the policy under which they were counted; empty in records of version 0.2.
    """

    layout_hash: str
    time_s: int
    tags: bytes
    cells: bytes
    scores: bytes = b""
    policy_hash: str = ""


class JoinOutcomes(msgspec.Struct, array_like=True, frozen=True, tag="o", kw_only=True):
    """Outcomes of one flush of ingest, in the order of the raw topic.

    Attributes:
        times_s: uint32 for each outcome: when the broker took it, seconds since the Unix epoch.
        is_favorable: uint8 for each outcome, 0 or 1.
        tags: For each key epoch, the newest first, a column of uint64 with the tag of each outcome.
    """

    times_s: bytes
    is_favorable: bytes
    tags: tuple[bytes, ...]


_TAGS = ("d", "o")
_MAX_TIME_S = 2**32  # what a column of seconds can express
_encoder = msgspec.msgpack.Encoder()
_decoder = MessagePackDecoder[JoinDecisions | JoinOutcomes](JoinDecisions | JoinOutcomes)


def encode_rows(rows: JoinDecisions | JoinOutcomes) -> bytes:
    """Encode as MessagePack."""
    return _encoder.encode(rows)


def decode_rows(data: bytes) -> JoinDecisions | JoinOutcomes:
    """Decode a record that ``encode_rows`` made.

    Raises:
        msgspec.MsgspecError: the bytes are neither of the two records.
    """
    return _decoder.decode(data)


def is_of_another_version(data: bytes) -> bool:
    """Return whether a record that cannot be decoded has the form of one, with a tag that this version does not know.

    >>> is_of_another_version(msgspec.msgpack.encode(["e", 1])), is_of_another_version(b"garbage")
    (True, False)
    """
    try:
        match decode_message_pack(data):
            case [str(tag), *_]:
                return tag not in _TAGS
    except msgspec.MsgspecError:
        pass
    return False


def is_consistent(rows: JoinDecisions | JoinOutcomes) -> bool:
    """Return whether all columns have the same number of rows, and times are times of a broker."""
    if isinstance(rows, JoinDecisions):
        n, rest = divmod(len(rows.tags), 8)
        has_columns = len(rows.cells) == 4 * n and len(rows.scores) in (0, 4 * n)
        return not rest and has_columns and 0 <= rows.time_s < _MAX_TIME_S
    n = len(rows.is_favorable)
    return len(rows.times_s) == 4 * n and all(len(column) == 8 * n for column in rows.tags)


def latest_s(rows: JoinDecisions | JoinOutcomes) -> int:
    """Return the latest time of a consistent record; 0 without rows."""
    if isinstance(rows, JoinDecisions):
        return rows.time_s
    return int(np.frombuffer(rows.times_s, np.uint32).max(initial=0))


def pack_decisions(
    layout_hash: str, time_s: int, tags: Tags, cells: Cells32, scores: Scores | None, policy_hash: str = ""
) -> list[bytes]:
    """Return decisions as records of at most ``MAX_ROWS`` rows.

    >>> [record] = pack_decisions("h", 5, np.array([7], np.uint64), np.array([3], np.uint32), None)
    >>> decode_rows(record).time_s, np.frombuffer(decode_rows(record).cells, np.uint32).tolist()
    (5, [3])
    """
    return [
        encode_rows(
            JoinDecisions(
                layout_hash=layout_hash,
                time_s=time_s,
                tags=tags[first : first + MAX_ROWS].tobytes(),
                cells=cells[first : first + MAX_ROWS].tobytes(),
                scores=b"" if scores is None else scores[first : first + MAX_ROWS].tobytes(),
                policy_hash=policy_hash,
            )
        )
        for first in range(0, len(tags), MAX_ROWS)
    ]


def pack_outcomes(times_s: Seconds32, is_favorable: Labels, tags: list[Tags]) -> list[bytes]:
    """Return outcomes as records that fit into a Kafka record.

    Args:
        times_s: When the broker took each, shape (n,).
        is_favorable: 0 or 1, shape (n,).
        tags: For each key epoch, the newest first, a column of shape (n,).
    """
    n_rows = 2 * MAX_ROWS // (len(tags) + 1)
    cuts = [slice(first, first + n_rows) for first in range(0, len(times_s), n_rows)]
    return [
        encode_rows(
            JoinOutcomes(
                times_s=times_s[cut].tobytes(),
                is_favorable=is_favorable[cut].tobytes(),
                tags=tuple(column[cut].tobytes() for column in tags),
            )
        )
        for cut in cuts
    ]
