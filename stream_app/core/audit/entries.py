"""The entries of an audit log, one line of canonical JSON each.

    {"actor":..,"data":{..},"prev":..,"seq":..,"source":..,"ts":..,"type":..,"v":1}

``prev`` is the leaf hash of the entry before, so that a changed line is located; ``seq`` gives the order, and ``ts`` is
a claim of the writer. The line without its line feed is the leaf of the Merkle tree.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from stream_app.core.audit.canonical import CanonicalError, encode_canonical
from stream_app.errors import ConfigError

VERSION = 1
MAX_LINE = 65_536  # bytes
FIRST_PREV = "0" * 64  # before the first entry
SEGMENT_OPEN = "segment-open"
RECOVERY = "recovery"
POSITIONS = "positions"
RESERVED = frozenset({SEGMENT_OPEN, RECOVERY, POSITIONS})  # types of entries that only the log itself writes
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_ACTOR_LENGTH = 200
_PSEUDONYM = re.compile(r"hm[0-9]\.[a-z2-7]{6,8}\.")


class EntryError(ConfigError):
    """An entry cannot be in the audit log. Operator action: see the message."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The record that an entry is about: it makes the same record give one entry, also after a restart.

    Attributes:
        log: Name of the log: topic, its id, and partition.
        offset: Offset of the record.
    """

    log: str
    offset: int


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry before it has its place.

    Attributes:
        type: What happened, such as ``alert`` or ``export-begun``.
        actor: Who did it.
        data: Facts, without anything about the people that the decisions are about.
        source: The record that it is about; None if there is none.
    """

    type: str
    actor: str
    data: dict[str, Any]
    source: Source | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is in the log.

    Attributes:
        v: Version of the format.
        seq: Its number, from 0.
        ts: When it was written, ISO 8601 in UTC.
        type: What happened.
        actor: Who did it.
        data: Facts.
        prev: Leaf hash of the entry before, hexadecimal.
        source: The record that it is about.
    """

    v: int
    seq: int
    ts: str
    type: str
    actor: str
    data: dict[str, Any]
    prev: str
    source: Source | None = None


class Link(msgspec.Struct, frozen=True, gc=False):
    """The part of an entry that chains it to the one before."""

    seq: int
    prev: str
    v: int
    type: str


UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # what reading a damaged line raises
read_link = msgspec.json.Decoder(Link).decode
read_entry = msgspec.json.Decoder(Entry).decode


def reject_invalid(entry: NewEntry) -> None:
    """Raise an error for an entry that no log accepts.

    Raises:
        EntryError: type or actor are malformed or the type is reserved, or the data contains a fraction or a pseudonym.
    """
    if not _TYPE.fullmatch(entry.type):
        raise EntryError("The type of an entry has lower-case letters, digits and dashes, at most 64")
    if entry.type in RESERVED:
        raise EntryError(f"Entries of type {entry.type} are written by the log itself", action="Choose another type")
    if not entry.actor or len(entry.actor) > _ACTOR_LENGTH or not entry.actor.isprintable():
        raise EntryError(f"The actor of an entry is printable text of at most {_ACTOR_LENGTH} characters")
    _reject_values(entry.data)


def encode_line(entry: NewEntry, seq: int, at: str, prev: str) -> bytes:
    """Return the line of an entry, without its line feed.

    Args:
        entry: The entry, already checked by ``reject_invalid``.
        seq: Its number.
        at: The current time, ISO 8601 in UTC.
        prev: Leaf hash of the entry before, hexadecimal; ``FIRST_PREV`` of the first one.

    Raises:
        EntryError: it has no canonical form, or is longer than ``MAX_LINE``.

    >>> encode_line(NewEntry(type="start", actor="ops", data={"b": 1, "a": "x"}), 7, "2026-01-01T00:00:00Z", "00")
    b'{"actor":"ops","data":{"a":"x","b":1},"prev":"00","seq":7,"ts":"2026-01-01T00:00:00Z","type":"start","v":1}'
    """
    fields: dict[str, Any] = {
        "actor": entry.actor,
        "data": entry.data,
        "prev": prev,
        "seq": seq,
        "ts": at,
        "type": entry.type,
        "v": VERSION,
    }
    if entry.source is not None:
        fields["source"] = {"log": entry.source.log, "offset": entry.source.offset}
    try:
        line = encode_canonical(fields)
    except CanonicalError as error:
        raise EntryError(error.message, action=error.action) from None
    if len(line) >= MAX_LINE:
        raise EntryError(f"The entry is longer than {MAX_LINE:,} bytes", action="Refer to the facts by their hash")
    return line


def names_pseudonym(text: str) -> bool:
    """Return whether a text contains a pseudonym.

    >>> names_pseudonym("about hm1.abcdef.AAAAAAAAAAAAAAAAAAAAAA"), names_pseudonym("hm1")
    (True, False)
    """
    return _PSEUDONYM.search(text) is not None


def _reject_values(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        for name, member in value.items():
            _reject_values(name)
            _reject_values(member)
    elif kind is list or kind is tuple:
        for member in value:
            _reject_values(member)
    elif kind is float:
        raise EntryError("The data of an entry contains a fraction", action="Write it as text, or as an integer")
    elif kind is str and names_pseudonym(value):
        raise EntryError("The data of an entry contains a pseudonym", action="Nothing about people is in this log")
