"""The canonical form of a JSON value: equal values give equal bytes, so that they can be hashed and signed.

Source: RFC 8785 (JCS). Numbers as ECMAScript writes them, members sorted by the UTF-16 code units of their names, no
white space, UTF-8 without needless escapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from stream_app.errors import ConfigError

MAX_INTEGER = 2**53 - 1  # what every reader of JSON represents exactly (RFC 7493)
MAX_DEPTH = 32
_FIXED_DIGITS = 21  # ECMAScript writes larger numbers with an exponent
_FIXED_ZEROS = -6  # and smaller ones


class CanonicalError(ConfigError):
    """A value has no canonical form. Operator action: see the message."""


def encode_canonical(value: Any) -> bytes:
    r"""Return the canonical JSON of a value.

    Args:
        value: None, booleans, integers of at most 53 bits, finite floats, text, lists or tuples, and dictionaries with
            text as keys; nested at most ``MAX_DEPTH`` deep.

    Raises:
        CanonicalError: it contains anything else, or text with half of a surrogate pair.

    >>> encode_canonical({"b": [1.0, 1e21, 1e-7], "a": "é\n", "€": None}).decode()
    '{"a":"é\\n","b":[1,1e+21,1e-7],"€":null}'
    """
    try:
        return _encode(value, MAX_DEPTH).encode()
    except UnicodeEncodeError:
        raise CanonicalError("Text with half of a surrogate pair has no canonical JSON") from None


def _encode(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if depth == 0:
        raise CanonicalError(f"Values are nested more than {MAX_DEPTH} deep")
    if kind is dict:
        return _members(value, depth - 1)
    if kind is list or kind is tuple:
        return f"[{','.join([_encode(item, depth - 1) for item in value])}]"
    raise CanonicalError(f"A value of type {kind.__name__} has no canonical JSON")


def _members(value: dict[Any, Any], depth: int) -> str:
    if not all(type(name) is str for name in value):
        raise CanonicalError("Names of members must be text")
    names = sorted(value)
    if not all(map(str.isascii, names)):
        names.sort(key=_utf_16)
    return "{" + ",".join([f"{encode_basestring(name)}:{_encode(value[name], depth)}" for name in names]) + "}"


def _utf_16(text: str) -> bytes:
    return text.encode("utf-16-be")


def _integer(value: int) -> str:
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise CanonicalError("An integer of more than 53 bits has no canonical JSON", action="Write it as text")
    return str(value)


def _number(value: float) -> str:
    """Return a number as ECMAScript does: the fewest digits that read back as it.

    Source: ECMA-262, Number::toString.
    """
    if not math.isfinite(value):
        raise CanonicalError("NaN and infinity have no JSON")
    if value == 0:
        return "0"
    sign, digit_tuple, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)  # of a finite number
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + exponent  # the value is 0.DIGITS * 10 ** point
    digits = digits.rstrip("0")
    return "-" * sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    if len(digits) <= point <= _FIXED_DIGITS:
        return digits.ljust(point, "0")
    if 0 < point <= _FIXED_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if _FIXED_ZEROS < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"


_SCALARS: dict[type, Callable[[Any], str]] = {
    int: _integer,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda _: "null",
}
