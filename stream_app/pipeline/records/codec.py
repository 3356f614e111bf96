"""Codecs: how a type of record becomes bytes and back.

A record module makes one for its type and names its two methods, for example ``encode_result`` and ``decode_result``.
Both forms are deterministic: equal records are equal bytes.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from stream_app.core.decoding import JsonDecoder, MessagePackDecoder

Record = TypeVar("Record")


class JsonCodec(Generic[Record]):
    """Records as JSON.

    Args:
        kind: The type of record, or a union of tagged types.
    """

    def __init__(self, kind: Any) -> None:
        self._encoder = msgspec.json.Encoder()
        self._decoder: JsonDecoder[Record] = JsonDecoder(kind)

    def encode(self, record: Record) -> bytes:
        """Encode a record."""
        return self._encoder.encode(record)

    def decode(self, data: bytes) -> Record:
        """Decode what ``encode`` returned; fields that the type does not have are ignored.

        Raises:
            msgspec.MsgspecError: the bytes are not such a record.
        """
        return self._decoder.decode(data)


class MessagePackCodec(Generic[Record]):
    """Records as MessagePack.

    Args:
        kind: The type of record.
    """

    def __init__(self, kind: type[Record]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: MessagePackDecoder[Record] = MessagePackDecoder(kind)

    def encode(self, record: Record) -> bytes:
        """Encode a record."""
        return self._encoder.encode(record)

    def decode(self, data: bytes) -> Record:
        """Decode what ``encode`` returned.

        Raises:
            msgspec.MsgspecError: the bytes are not such a record.
        """
        return self._decoder.decode(data)
