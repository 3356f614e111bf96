"""Seals on the records of internal topics: who has no key of the workers cannot write what a worker reads.

A sealed record is ``0xC1 'S' 1``, a tag of 16 bytes, and the record; neither MessagePack nor JSON begins like that. The
tag is an HMAC-SHA256 over the partition, the key and the record, under a key of its own for each topic and deployment:
a record that is moved to another place, or from another deployment, does not fit. In a compacted topic a removed entry
has its tag in a header.

Without a key nothing is sealed; the seals of others are passed over and do not count.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import replace

from stream_app.pipeline.contract import Batch, Headers, Outputs
from stream_app.topics import is_compacted_internal, is_internal

TOMBSTONE_HEADER = "seal"
_MAGIC = b"\xc1S\x01"
_TAG_BYTES = 16
_HEAD_BYTES = len(_MAGIC) + _TAG_BYTES
_PURPOSE = b"fairstream/record-seals/v1\0"
_REMOVED = b"\xc1removed"  # in place of a record: no record is this


class RecordSeals:
    """Seals and checks the records of one deployment.

    Args:
        secret: The key that all its workers have.
        app_id: The deployment.
        accepts_unsealed: Whether a record without a seal passes, as long as not all workers have the key.
        other: A second key whose seals pass too, while the key is changed.
    """

    def __init__(
        self, secret: bytes, app_id: str, *, accepts_unsealed: bool = False, other: bytes | None = None
    ) -> None:
        self.accepts_unsealed = accepts_unsealed
        self._other = None if other is None else RecordSeals(other, app_id)
        self._app_id = app_id
        self._secret = secret
        self._keys: dict[str, bytes] = {}

    def is_for(self, topic: str) -> bool:
        """Return whether the records of a topic are sealed."""
        return is_internal(topic, self._app_id)

    def tag(self, topic: str, partition: int, key: bytes | None, record: bytes | None) -> bytes:
        """Return the tag of a record; None is a removed entry.

        >>> seals = RecordSeals(b"k" * 32, "fairstream")
        >>> seals.tag("t", 0, b"a", b"bc") == seals.tag("t", 0, b"ab", b"c")
        False
        """
        own = self._keys.get(topic)
        if own is None:
            name = _PURPOSE + self._app_id.encode() + b"\0" + topic.encode()
            own = self._keys[topic] = hmac.digest(self._secret, name, "sha256")
        # The judge's lane reads no keys; what a partial is about is in it. An entry of a state is known by its key.
        named = (key or b"") if is_compacted_internal(topic, self._app_id) else b""
        head = partition.to_bytes(4, "big") + len(named).to_bytes(4, "big") + named
        return hmac.digest(own, head + (_REMOVED if record is None else record), "sha256")[:_TAG_BYTES]

    def seal(self, outputs: Outputs) -> Outputs:
        """Seal the records of an internal topic; those of another one stay as they are."""
        if not self.is_for(outputs.topic):
            return outputs
        place = outputs.topic, outputs.partition
        values: list[bytes | None] = []
        headers: list[Headers] = []
        for key, value in zip(outputs.keys, outputs.values, strict=True):
            tag = self.tag(*place, key, value)
            values.append(None if value is None else _MAGIC + tag + value)
            headers.append([(TOMBSTONE_HEADER, tag)] if value is None else [])
        return replace(outputs, values=values, headers=headers)

    def sealer_of(
        self, topic: str, partition: int, key: bytes | None, record: bytes | None, tag: bytes
    ) -> RecordSeals | None:
        """Return the seals, of one of the keys, that gave a record its tag; None if neither did."""
        if hmac.compare_digest(tag, self.tag(topic, partition, key, record)):
            return self
        return None if self._other is None else self._other.sealer_of(topic, partition, key, record, tag)

    def open(self, topic: str, partition: int, key: bytes | None, value: bytes) -> tuple[bytes, bool]:
        """Return a record without its seal, and whether it may be used."""
        record, tag = take_seal(value)
        if tag is None:
            return record, self.accepts_unsealed
        return record, self.sealer_of(topic, partition, key, record, tag) is not None

    def is_removal(
        self, topic: str, partition: int, key: bytes | None, headers: Iterable[tuple[str, bytes | None]]
    ) -> bool:
        """Return whether a worker has removed an entry of a compacted topic."""
        tag = next((value for name, value in headers if name == TOMBSTONE_HEADER), None)
        if tag is None:
            return self.accepts_unsealed
        return self.sealer_of(topic, partition, key, None, tag) is not None

    def open_batch(self, batch: Batch) -> Batch:
        """Return a batch without the seals of its records; ``unsealed`` names those that may not be used."""
        values, unsealed = [], []
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            record, is_valid = value, True
            if value is not None:
                record, is_valid = self.open(batch.topic, batch.partition, None, value)
            values.append(record)
            if not is_valid:
                unsealed.append(offset)
        return replace(batch, values=values, unsealed=frozenset(unsealed))


def take_seal(value: bytes) -> tuple[bytes, bytes | None]:
    r"""Return a record and its tag; None where it has none.

    >>> take_seal(b"{}"), take_seal(b"\xc1S\x01" + bytes(16) + b"{}")[0]
    ((b'{}', None), b'{}')
    """
    if value.startswith(_MAGIC) and len(value) >= _HEAD_BYTES:
        return value[_HEAD_BYTES:], value[len(_MAGIC) : _HEAD_BYTES]
    return value, None


def without_seals(batch: Batch) -> Batch:
    """Return a batch of an internal topic as its records are; who has no key cannot check them."""
    return replace(batch, values=[value if value is None else take_seal(value)[0] for value in batch.values])
