r"""Text of others on its way to a terminal, a log or a page: what would command it, or is not seen, becomes an escape.

Labels, names and sentences come from records, files and requests of others. A sign that moves the cursor, changes the
window, reverses the direction of writing, begins a line of its own or is not seen at all is written as Python would
write it (``\x1b``, ``\u202e``).
"""

from __future__ import annotations

import json
import re
from typing import Any

# Characters that are not seen although they count as printable: joiners, fillers, selectors of glyphs.
UNSEEN_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)
_unseen = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSEEN_RANGES) + "]")
_KEPT = "\n\t"


def escape_controls(text: str) -> str:
    r"""Return a text with every sign that commands or is not seen as an escape, except line breaks and tabs.

    >>> escape_controls("a\x1b[2Jb\u202ec\u3164")
    'a\\x1b[2Jb\\u202ec\\u3164'
    >>> escape_controls("é\tü\n")
    'é\tü\n'
    """
    return text if _is_harmless(text) else "".join(map(_visible, text))


def in_one_line(text: str) -> str:
    r"""Return a text as ``escape_controls`` does, line breaks and tabs included: it cannot forge a line of its own.

    >>> in_one_line("a\n[FIRING:1] b")
    'a\\n[FIRING:1] b'
    """
    return text if _is_harmless(text) else "".join(_escape(sign) if sign in _KEPT else _visible(sign) for sign in text)


def json_line(fact: Any) -> str:
    r"""Return a fact as one line of JSON whose signs are all printable; a reader of JSON gets the same value.

    >>> json_line({"group": "a\u202eb\x9b"})
    '{"group":"a\\u202eb\\u009b"}'
    """
    import msgspec  # noqa: PLC0415  # the help text does without

    text = msgspec.json.encode(fact).decode()
    return text if text.isprintable() else "".join(map(_json_visible, text))


def _is_harmless(text: str) -> bool:
    return (text.isascii() and text.isprintable()) or (text.isprintable() and _unseen.search(text) is None)


def _visible(sign: str) -> str:
    return sign if sign in _KEPT or _is_harmless(sign) else _escape(sign)


def _json_visible(sign: str) -> str:
    return sign if sign.isprintable() else json.dumps(sign)[1:-1]


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
