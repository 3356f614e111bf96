"""Writes the values of a binary format as JSON text, each in one way.

Decimals are numbers with all their digits, bytes are base64, times RFC 3339. JSON has no NaN and no infinity; they
become the texts ``NaN``, ``Infinity`` and ``-Infinity`` as in the JSON of Protobuf, so a number is expected and a text
found.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(decimal_format="number").encode


def json_text(record: Any) -> bytes:
    """Return the JSON text of a value.

    >>> from decimal import Decimal
    >>> json_text({"a": Decimal("12.50"), "b": float("nan"), "c": None, "d": b"x"})
    b'{"a":12.50,"b":"NaN","c":null,"d":"eA=="}'
    """
    text = _encode(record)
    return _encode(_without_nan(record)) if b"null" in text else text  # msgspec writes NaN as null


def _without_nan(value: Any) -> Any:
    match value:
        case float():
            return value if isfinite(value) else _NAMES.get(value, "NaN")
        case dict():
            return {key: _without_nan(part) for key, part in value.items()}
        case list() | tuple():
            return [_without_nan(part) for part in value]
    return value


_NAMES = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
