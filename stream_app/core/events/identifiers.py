"""The canonical form of an identifier, or a reason to reject it.

Two spellings of one account number must give one pseudonym, and a value that is not an identifier (blank, with a
control character, or one of our own pseudonyms) must not get one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from stream_app.core.events.reasons import DeadLetterReason as Reason

_PLAIN = bytes(range(0x21, 0x7F)) + b"\n"
MAX_LENGTH = 1_000  # characters or digits; the longest identifiers in use, URLs of cases, are shorter
_PSEUDONYM = re.compile(r"hm\d\.")  # how our pseudonyms begin, in this version and in others
_FORBIDDEN_CATEGORIES = ("Cc", "Cf", "Cs")  # control, invisible format and surrogate characters


def canonical_text(value: str) -> bytes:
    """Return the text in NFC without surrounding white space, as UTF-8.

    >>> canonical_text(" A-17 ")
    b'A-17'
    """
    return unicodedata.normalize("NFC", value).strip().encode()


def canonical_integer(value: int) -> bytes:
    """Return the decimal digits."""
    return b"%d" % value


def canonical_text_or_integer(value: str | int) -> bytes:
    """Return the text or the digits; 123 and "123" are one identifier."""
    return canonical_text(value) if isinstance(value, str) else canonical_integer(value)


def canonical_email(value: str) -> bytes:
    """Return the casefolded text in NFC without surrounding white space, as UTF-8."""
    return canonical_text(value.casefold())


CANONICAL: dict[str, Callable[[Any], bytes]] = {
    "text": canonical_text,
    "integer": canonical_integer,
    "text-or-integer": canonical_text_or_integer,
    "email": canonical_email,
}


def canonical_plain(values: list[str]) -> list[bytes] | None:
    """Make a column canonical in one pass if every value is plain: printable ASCII without blanks.

    Such values are in canonical form already, so the column is joined, checked and split in C.

    Returns:
        The canonical values; None when some value must be checked on its own.

    >>> canonical_plain(["A-17", "B-2"]), canonical_plain(["A-17", " "]), canonical_plain(["hm1.x"])
    ([b'A-17', b'B-2'], None, None)
    """
    joined = "\n".join(values)
    if not joined.isascii():
        return None
    plain = joined.encode()
    if plain.translate(None, delete=_PLAIN) or b"\nhm" in plain or plain.startswith(b"hm"):
        return None
    column = plain.split(b"\n")
    return column if len(column) == len(values) and b"" not in column else None


def fault_of(canonical: bytes) -> Reason | None:
    r"""Return why a canonical value is not an identifier, None when it is one.

    >>> fault_of(b""), fault_of(b"A-17"), fault_of("a\u0000b".encode())
    (<DeadLetterReason.ID: 'id'>, None, <DeadLetterReason.CONTROL_CHAR: 'control_char'>)
    """
    if len(canonical) > 4 * MAX_LENGTH:
        return Reason.ID_SIZE
    text = canonical.decode()
    if not text or _PSEUDONYM.match(text):
        return Reason.ID
    if any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in text):
        return Reason.CONTROL_CHAR
    return None
