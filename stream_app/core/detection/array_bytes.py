"""Arrays as bytes and back, bit for bit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = b"fd2\n"

Array = NDArray[Any]


def fingerprint(*facts: object) -> bytes:
    """Return 16 bytes that distinguish one configuration from another.

    >>> fingerprint("ratio", 0.8) == fingerprint("ratio", 0.8), fingerprint("ratio", 0.8) == fingerprint("ratio", 0.9)
    (True, False)
    """
    return hashlib.sha256(repr(facts).encode()).digest()[:16]


def pack(owner: bytes, arrays: Iterable[Array]) -> bytes:
    """Return the arrays in order, little-endian, after the fingerprint of their owner."""
    return FORMAT + owner + b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays)


def unpack(owner: bytes, data: bytes, into: Sequence[Array]) -> None:
    """Fill arrays with what ``pack`` wrote.

    Raises:
        ValueError: Another configuration or version wrote the bytes, or they are truncated; no array is changed then.
    """
    head = FORMAT + owner
    if not data.startswith(head):
        raise ValueError("the snapshot was made by another configuration or version")
    if len(data) != len(head) + sum(array.nbytes for array in into):
        raise ValueError("the snapshot has a wrong length")
    offset = len(head)
    for array in into:
        stored = np.frombuffer(data, array.dtype.newbyteorder("<"), array.size, offset)
        array[...] = stored.reshape(array.shape)
        offset += array.nbytes
