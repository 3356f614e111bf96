"""Moves through many records in Avro at once: the positions of the next values are a numpy array.

Source: Apache Avro 1.12 specification, binary encoding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MORE, _BITS, _MAX_SHIFT = 0x80, 7, 63
_FIRST_PLAIN, _LAST_PLAIN = 0x20, 0x7E
_IS_PLAIN = np.zeros(256, np.bool_)  # bytes of a text that are the same in JSON
_IS_PLAIN[_FIRST_PLAIN : _LAST_PLAIN + 1] = True
_IS_PLAIN[list(b'"\\')] = False


class NotReadableError(ValueError):
    """A schema, or a record, that is not read here."""


class Cursor:
    """Where in each of some records the next value begins.

    Args:
        blob: The records, and padding behind them.
        starts: Where each begins, int64, shape (n,).
        ends: Where each ends, int64, shape (n,).
    """

    def __init__(self, blob: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        self.blob, self.positions, self.ends = blob, starts, ends
        self.data = np.frombuffer(blob, np.uint8)
        # How many bytes before each place are not plain: a text has none where the number is the same at both ends.
        self.n_not_plain = np.zeros(len(blob) + 1, np.int32)
        np.cumsum(~_IS_PLAIN[self.data], out=self.n_not_plain[1:])

    def __len__(self) -> int:
        return len(self.positions)

    def advance(self, n_bytes: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """Move on in each record, and return where it was before.

        Raises:
            NotReadableError: a record ends before.
        """
        before = self.positions
        # A length that is not one could move beyond 64 bits: it is compared before it is added.
        if np.any(n_bytes < 0) or np.any(n_bytes > self.ends - before):
            raise NotReadableError
        self.positions = before + n_bytes
        return before

    def longs(self) -> NDArray[np.int64]:
        """Read a number of variable length from each record.

        Raises:
            NotReadableError: a record ends before, or it has more than 64 bits.
        """
        last = self.data[self.advance(1)]
        number = last.astype(np.uint64)
        is_longer = last >= _MORE
        if is_longer.any():
            number, shift = number & np.uint64(_MORE - 1), 0
            while is_longer.any():
                shift += _BITS
                if shift >= _MAX_SHIFT:
                    raise NotReadableError
                last = np.where(is_longer, self.data[self.advance(is_longer.astype(np.int64))], 0)
                number |= (last & np.uint8(_MORE - 1)).astype(np.uint64) << np.uint64(shift)
                is_longer = last >= _MORE
        return (number >> np.uint64(1)).view(np.int64) ^ -(number & np.uint64(1)).view(np.int64)

    def part(self, places: NDArray[np.intp]) -> Cursor:
        """Return a cursor over some of the records."""
        part = object.__new__(Cursor)
        part.blob, part.data, part.n_not_plain = self.blob, self.data, self.n_not_plain
        part.positions, part.ends = self.positions[places], self.ends[places]
        return part
