"""Whether bytes are UTF-8, as RFC 8259 requires of JSON that systems exchange, and whether more stands before them."""

from __future__ import annotations

_FRAME_BYTES = 5
_JSON_STARTS = b"{[ \t\r\n"
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def is_utf8(raw: bytes) -> bool:
    """Return whether bytes are UTF-8 without a byte order mark.

    >>> is_utf8("Zoë".encode()), is_utf8("Zoë".encode("latin-1")), is_utf8("Zoë".encode("utf-8-sig"))
    (True, False, False)
    """
    if raw.isascii():
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not raw.startswith(_BYTE_ORDER_MARKS)


def is_framed(raw: bytes) -> bool:
    r"""Return whether a value begins as serializers of a schema registry write it: a zero byte and a schema id.

    Text in UTF-16 or UTF-32 can begin with a zero byte too; it has zero bytes around its first bracket.

    Source: Confluent, Schema Registry wire format: one magic byte 0, then the schema id in four bytes, big-endian.

    >>> is_framed(b'\0\0\0\0\x07{"a":1}'), is_framed('{"a":1}'.encode("utf-16-be")), is_framed(b'{"a":1}')
    (True, False, False)
    """
    if raw[:1] != b"\0" or len(raw) <= _FRAME_BYTES:
        return False
    is_utf16 = raw[1] in _JSON_STARTS and raw[2] == 0
    is_utf32 = raw[1:3] == b"\0\0" and raw[3] in _JSON_STARTS and raw[4:7] == b"\0\0\0"
    return not is_utf16 and not is_utf32
