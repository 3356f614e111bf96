"""Looks inside a text: JSON, base64, hexadecimal, and the joined strings of DeepStream.

A key-name rule sees none of what is in there, so what is inside is shown as fields of its own, and images and vectors
are recognized by their first bytes and their length.

Source: NVIDIA DeepStream, nvmsgconv, minimal schema (object string); JFIF, PNG, WebP and GIF signatures.
"""

from __future__ import annotations

import base64
import binascii
import re
from math import isfinite
from typing import Any, NamedTuple

import msgspec
import numpy as np

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_SIGNATURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF8", "GIF"), (b"RIFF", "WebP"))
_VECTOR_LENGTHS = frozenset((64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048))
_SMALLEST, _GREATEST = 1e-6, 1e3  # of the numbers of an embedding; other bytes are mostly far outside
_LEAST_PARTS = 6  # of an object string: id, box, class
_SHORTEST = 8  # characters; shorter decoded texts are chance
_LONGEST = 8_000_000  # characters; a longer text is inspected as it is

# What stands in the string of an object after its box, by type of object.
_ATTRIBUTES = {
    "vehicle": ("type", "make", "model", "color", "license", "licenseregion", "confidence"),
    "person": ("gender", "age", "hair", "cap", "apparel", "confidence"),
    "face": ("gender", "age", "hair", "cap", "glasses", "facialhair", "name", "eyecolor", "confidence"),
}
_BOX = ("left", "top", "right", "bottom")


class Content(NamedTuple):
    """What is inside a text.

    Attributes:
        encoding: How it is encoded, for reports.
        value: The decoded JSON value or text; None where it is not to be read further.
        kind: The kind of personal data that it is as a whole, or None.
    """

    encoding: str
    value: Any = None
    kind: str | None = None


def content_of(text: str) -> Content | None:
    """Return what is inside a text, or None for plain text.

    >>> content_of('{"a": 1}')
    Content(encoding='JSON', value={'a': 1}, kind=None)
    >>> content_of("/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD")
    Content(encoding='base64, JPEG', value=None, kind='image')
    """
    stripped = text.strip()
    if not stripped or len(stripped) > _LONGEST:
        return None
    if stripped[0] in "{[":
        return _json(stripped)
    if stripped.startswith("data:") and ";base64," in stripped[:100]:
        stripped = stripped.partition(",")[2]
    if stripped.count("|") >= _LEAST_PARTS - 1:
        return _object_string(stripped)
    raw, encoding = _bytes_of(stripped)
    return None if raw is None else _content_of_bytes(raw, encoding)


def object_parts(text: str) -> dict[str, Any] | None:
    """Return the parts of a DeepStream object string by name, or None for another text.

    >>> parts = object_parts("7|1|2|3|4|Vehicle|#|sedan|Bugatti|M|blue|XX1234|CA|0.9")
    >>> parts["vehicle"]["license"], parts["bbox"]["left"]
    ('XX1234', '1')
    """
    parts = text.split("|")
    if len(parts) < _LEAST_PARTS or not all(map(_is_decimal, parts[1:5])):
        return None
    named: dict[str, Any] = {
        "trackingId": parts[0],
        "bbox": dict(zip(_BOX, parts[1:5], strict=True)),
        "class": parts[5],
    }
    if parts[_LEAST_PARTS : _LEAST_PARTS + 1] == ["#"]:
        kind = parts[5].lower()
        named[kind] = dict(zip(_ATTRIBUTES.get(kind, ()), parts[_LEAST_PARTS + 1 :], strict=False))
        named["rest"] = [part for part in parts[_LEAST_PARTS + 1 + len(named[kind]) :] if part]
    return named


def _is_decimal(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(?:\.\d+)?", text))


def _object_string(text: str) -> Content | None:
    parts = object_parts(text)
    return Content("object string", parts) if parts is not None else Content("joined text", text.split("|"))


def _json(text: str) -> Content | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return Content("JSON", value) if isinstance(value, (dict, list)) else None


def _bytes_of(text: str) -> tuple[bytes | None, str]:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text), "hexadecimal"
    if not _BASE64.fullmatch(text):
        return None, ""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_" if set(text) & set("-_") else None, validate=True), "base64"
    except (binascii.Error, ValueError):
        return None, ""


def _content_of_bytes(raw: bytes, encoding: str) -> Content | None:
    for signature, form in _SIGNATURES:
        if raw.startswith(signature):
            return Content(f"{encoding}, {form}", kind="image")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Content(f"{encoding}, vector", kind="biometric") if _is_vector(raw) else None
    if not text.isprintable() or len(text) < _SHORTEST:
        return None
    inner = _json(text) if text[0] in "{[" else None
    return Content(f"{encoding}, JSON", inner.value) if inner is not None else Content(encoding, text)


def _is_vector(raw: bytes) -> bool:
    """Return whether bytes are 32-bit numbers of the size of an embedding's."""
    if len(raw) % 4 or len(raw) // 4 not in _VECTOR_LENGTHS:
        return False
    numbers = np.frombuffer(raw, "<f4").astype(np.float64)
    return all(map(isfinite, numbers.tolist())) and _SMALLEST < float(np.abs(numbers).max()) < _GREATEST
