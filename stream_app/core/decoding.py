"""Decoders of JSON and MessagePack that raise one kind of error, whatever the bytes are.

msgspec raises ``RecursionError`` for deep nesting and ``UnicodeDecodeError`` for text that is not UTF-8. Neither is a
``msgspec.MsgspecError``, so a reader that passes over damaged records would stop at such a record. These decoders raise
``msgspec.DecodeError`` instead.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

Item = TypeVar("Item")

_OTHER_ERRORS = (RecursionError, UnicodeDecodeError)
_MESSAGE = "Input data is nested too deep, or has text that is not UTF-8"


class JsonDecoder(Generic[Item]):
    r"""Decodes JSON of one type.

    Args:
        kind: The type, or a union of tagged types.

    >>> decoder = JsonDecoder(dict[str, str])
    >>> for data in (b'{"a":"\xff"}', b'{"a":' + b"[" * 100_000):
    ...     try:
    ...         decoder.decode(data)
    ...     except msgspec.MsgspecError as error:
    ...         print(type(error).__name__)
    DecodeError
    ValidationError
    """

    def __init__(self, kind: Any) -> None:
        self._decoder: msgspec.json.Decoder[Item] = msgspec.json.Decoder(kind)

    def decode(self, data: bytes) -> Item:
        """Decode one value.

        Raises:
            msgspec.MsgspecError: the bytes are not such a value.
        """
        try:
            return self._decoder.decode(data)
        except _OTHER_ERRORS:
            raise msgspec.DecodeError(_MESSAGE) from None


class MessagePackDecoder(Generic[Item]):
    """Decodes MessagePack of one type.

    Args:
        kind: The type, or a union of tagged types.
        strict: Whether values of another type are rejected rather than converted.
    """

    def __init__(self, kind: Any, *, strict: bool = True) -> None:
        self._decoder: msgspec.msgpack.Decoder[Item] = msgspec.msgpack.Decoder(kind, strict=strict)

    def decode(self, data: bytes) -> Item:
        """Decode one value.

        Raises:
            msgspec.MsgspecError: the bytes are not such a value.
        """
        try:
            return self._decoder.decode(data)
        except _OTHER_ERRORS:
            raise msgspec.DecodeError(_MESSAGE) from None


def decode_json(data: bytes, kind: Any = Any) -> Any:
    """Decode one JSON value of a type; raises as ``JsonDecoder.decode``."""
    return JsonDecoder[Any](kind).decode(data)


def decode_message_pack(data: bytes, kind: Any = Any) -> Any:
    r"""Decode one MessagePack value of a type; raises as ``MessagePackDecoder.decode``.

    >>> decode_message_pack(b"\x93\x01\x02\x03", tuple[int, ...])
    (1, 2, 3)
    """
    return MessagePackDecoder[Any](kind).decode(data)
