"""JSON as RFC 8259 and RFC 7493 mean it, where the fast decoder is lenient or stops early.

RFC 8259 leaves open which value counts when an object holds one key twice, and parsers differ:
``"approved":true,"approved":false`` is an approval for one system and a denial for the next. Such a record is
refused (RFC 7493, section 2.3). The exact check costs several microseconds, so a count over a whole run of records
is tried first.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from stream_app.core.events.reasons import DeadLetterReason as Reason

MAX_DEPTH = 64  # records of decisions are a few levels deep

_SPACE_BEFORE_COLON = re.compile(rb'"[ \t\n\r]+:')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class _DuplicateKeyError(ValueError):
    pass


def is_surely_unique(blob: bytes, n_keys: int) -> bool:
    """Tell by counting whether no object in a run of records can hold a key twice.

    Every key ends in ``":``. When a run holds exactly as many of these as its records hold distinct declared keys,
    and no key has white space before its colon, there is none left over for a second one. The caller must know that
    every record was decoded with all its declared fields present and undeclared ones refused.

    Args:
        blob: The records, joined by anything that has neither quote nor white space.
        n_keys: Number of declared keys in all records of the run.

    Returns:
        False means: look closer. A value that holds an escaped ``\\":`` leads there too.

    >>> is_surely_unique(b'{"a":1,"b":"x"}', 2), is_surely_unique(b'{"a":1,"b":2,"a":3}', 2)
    (True, False)
    """
    if blob.count(b'":') != n_keys:
        return False
    has_space = b" " in blob or b"\t" in blob or b"\n" in blob or b"\r" in blob
    return not has_space or not _SPACE_BEFORE_COLON.search(blob)


def strict_fault(raw: bytes) -> Reason | None:
    """Return why UTF-8 bytes are no strict JSON, None when they are.

    Returns:
        ``json`` for broken syntax, for NaN and Infinity, and for nesting beyond ``MAX_DEPTH`` (brackets inside
        strings count too); ``dup_key`` for an object with one key twice, however it is spelled.

    >>> strict_fault(b'{"a":1,"\\\\u0061":2}').name, strict_fault(b'{"a":{"b":1},"b":2}')
    ('DUP_KEY', None)
    >>> strict_fault(b'{"a":NaN}').name, strict_fault(b"[" * 99 + b"]" * 99).name
    ('JSON', 'JSON')
    """
    if _depth(raw) > MAX_DEPTH:
        return Reason.JSON
    try:
        # Numbers of any length are fine here: ranges are the decoder's business.
        json.loads(raw, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant, parse_int=float)
    except _DuplicateKeyError:
        return Reason.DUP_KEY
    except (ValueError, RecursionError):
        return Reason.JSON
    return None


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _DuplicateKeyError


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for byte in raw.translate(None, delete=_NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
