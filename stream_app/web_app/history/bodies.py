"""Stores records compressed: results are much alike, so with a dictionary of their common parts a seventh is left.

A stored body begins with ``{``, if it was written before this, or with the number of its dictionary. A dictionary is
never changed: what was stored with it cannot be read without it.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from django.db import models

_PLAIN, _FIRST = b"{", b"\x01"
_RAW = -zlib.MAX_WBITS  # without the checksum, since the database has its own
_LEVEL, _MEMORY = 6, 8


if TYPE_CHECKING:
    _Field = models.BinaryField[bytes, bytes]
else:
    _Field = models.BinaryField  # which takes no types when it runs


class CompactBody(_Field):
    """JSON that is compressed in the database and nowhere else."""

    def deconstruct(self) -> Any:
        """Describe the column to migrations, to which it is like any other with bytes."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.BinaryField", args, options

    def get_prep_value(self, value: Any) -> Any:
        """Return what is stored."""
        return None if value is None else compress(bytes(value))

    def from_db_value(self, value: Any, _expression: object, _connection: object) -> bytes | None:
        """Return the JSON."""
        return None if value is None else decompress(bytes(value))


def compress(body: bytes) -> bytes:
    """Return the stored form of a record.

    >>> decompress(compress(b'{"model":"loans"}')), decompress(b"{}")
    (b'{"model":"loans"}', b'{}')
    """
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _first_dictionary())
    return _FIRST + packer.compress(body) + packer.flush()


def decompress(stored: bytes) -> bytes:
    """Return the record of a stored form.

    Raises:
        ValueError: it is none.
    """
    if stored[:1] == _PLAIN:
        return stored
    unpacker = zlib.decompressobj(_RAW, _first_dictionary())
    if stored[:1] != _FIRST:
        raise ValueError("A later version has stored this")
    body = unpacker.decompress(stored[1:])
    if not unpacker.eof:
        raise ValueError("This record is cut")
    return body


@cache
def _first_dictionary() -> bytes:
    return files(__package__).joinpath("first.dictionary").read_bytes()
