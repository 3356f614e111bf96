"""Whether bytes are UTF-8, as RFC 8259 requires of JSON that systems exchange."""

from __future__ import annotations

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
