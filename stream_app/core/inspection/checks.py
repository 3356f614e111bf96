"""The rules for values: what a value shows by its own form, whatever the name of its field.

Each rule says how large a share of the sampled values must fit before the field counts. A rule with a checksum or an
unmistakable form needs one value; a form that other things have too (a version number like an address of the internet,
an order number that passes the card check by chance, one in ten) needs nearly all of several values.

Source: ISO 7812 (Luhn), ISO 13616 (IBAN, mod 97), SSA (number ranges), ITU-T E.164, GSMA TS.06 (IMEI).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

_EMAIL = re.compile(r"[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_PHONE = re.compile(r"\+[1-9][\d\s().-]{7,18}\d|\(\d{3}\) ?\d{3}-\d{4}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_PLATE = re.compile(r"[A-Z]{1,3}[ -][A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}\d{2} ?[A-Z]{3}|[A-Z]{2}-\d{3}-[A-Z]{2}")
_POINT = re.compile(r"[+-]?(\d{1,2}\.\d{4,})[,; ] ?[+-]?(\d{1,3}\.\d{4,})")
_IBAN_LENGTHS, _CARD_LENGTHS, _IMEI_LENGTH = range(15, 35), range(13, 20), 15
_POINT_LENGTHS = range(2, 5)  # x and y, with depth or confidence
_DECIMALS = 4  # 11 m; a position with fewer is that of a town
_SHORTEST_IPV6 = 5  # characters; shorter ones occur as times
_DOTS_OF_IPV4 = 3
_GREATEST_LATITUDE, _GREATEST_LONGITUDE = 90, 180
_EMOTIONS = {"happy", "sad", "angry", "anger", "happiness", "sadness", "disgust", "fear", "surprise", "contempt"}
_SHORTEST_VECTOR, _LONGEST_VECTOR = 64, 4096
_SKELETONS = (17, 18, 25, 33)  # points of the common models of the body
_WORDS_OF_PROSE = 8
_LONGEST_TEXT = 100_000  # characters; the rest of a longer text is not searched


class ValueRule(NamedTuple):
    """A form of values that shows a kind of personal data.

    Attributes:
        kind: The kind.
        evidence: What is reported instead of the value.
        fits: Returns whether a value has the form.
        least_share: Share of the values that must fit, in [0, 1].
        least_n: Number of values that must fit.
    """

    kind: str
    evidence: str
    fits: Callable[[Any], bool]
    least_share: float = 0.0
    least_n: int = 1


def has_luhn_digit(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO 7812).

    >>> has_luhn_digit("4539578763621486"), has_luhn_digit("4539578763621487")
    (True, False)
    """
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether a text is an account number whose check digits are right (ISO 13616).

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE89 3704 0044 0532 0130 01")
    (True, False)
    """
    compact = text.replace(" ", "")
    if len(compact) not in _IBAN_LENGTHS:
        return False
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


def is_vector(value: Any) -> bool:
    """Return whether a value is a list of numbers of the length of an embedding, not all of them whole.

    >>> is_vector([0.1] * 128), is_vector([1] * 128), is_vector([0.1] * 8)
    (True, False, False)
    """
    if not isinstance(value, list) or not _SHORTEST_VECTOR <= len(value) <= _LONGEST_VECTOR:
        return False
    return all(map(_is_number, value)) and any(number != int(number) for number in value if isfinite(number))


def is_skeleton(value: Any) -> bool:
    """Return whether a value has the points of a body: 17, 18, 25 or 33 lists of two to four numbers."""
    if not isinstance(value, list) or len(value) not in _SKELETONS:
        return False
    return all(
        isinstance(point, list) and len(point) in _POINT_LENGTHS and all(map(_is_number, point)) for point in value
    )


def is_pair(value: Any) -> bool:
    """Return whether a value is a list of two numbers with a fraction, as a position is."""
    return isinstance(value, list) and [type(part) for part in value] == [float, float]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and check(value[:_LONGEST_TEXT].strip())


def _digits(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return ""
    text = str(value).strip()
    digits = text.replace(" ", "").replace("-", "")
    return digits if digits.isascii() and digits.isdigit() else ""


def _is_card(value: Any) -> bool:
    digits = _digits(value)
    return len(digits) in _CARD_LENGTHS and digits[0] in "23456" and has_luhn_digit(digits)


def _is_imei(value: Any) -> bool:
    digits = _digits(value)
    return len(digits) == _IMEI_LENGTH and has_luhn_digit(digits)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return (text.count(".") == _DOTS_OF_IPV4 and not text.startswith("0")) or (
        ":" in text and len(text) >= _SHORTEST_IPV6
    )


def _is_point(text: str) -> bool:
    found = _POINT.fullmatch(text)
    return found is not None and float(found[1]) <= _GREATEST_LATITUDE and float(found[2]) <= _GREATEST_LONGITUDE


def _is_point_list(value: Any) -> bool:
    if not is_pair(value):
        return False
    decimals = (len(str(part).partition(".")[2]) for part in value)
    return all(abs(part) <= _GREATEST_LONGITUDE for part in value) and min(decimals) >= _DECIMALS


def _has_iban(text: str) -> bool:
    return any(is_iban(found) for found in _IBAN.findall(text))


VALUE_RULES = (
    ValueRule("email", "form of an e-mail address", _text(lambda text: bool(_EMAIL.search(text)))),
    ValueRule("payment", "IBAN with its check digits", _text(_has_iban)),
    ValueRule(
        "national_id", "form of a US social security number", _text(lambda text: bool(_SSN.fullmatch(text))), 0.5
    ),
    ValueRule("payment", "card number with its check digit", _is_card, 0.8, 3),
    ValueRule("device_id", "IMEI with its check digit", _is_imei, 0.8, 3),
    ValueRule("device_id", "form of a MAC address", _text(lambda text: bool(_MAC.fullmatch(text))), 0.5),
    ValueRule("ip_address", "form of an IP address", _text(_is_ip), 0.8, 2),
    ValueRule("phone", "form of a telephone number", _text(lambda text: bool(_PHONE.fullmatch(text))), 0.5),
    ValueRule("plate", "form of a license plate", _text(lambda text: bool(_PLATE.fullmatch(text))), 0.6, 2),
    ValueRule("biometric", "list of numbers of an embedding's length", is_vector, 0.5),
    ValueRule("biometric", "points of a body", is_skeleton, 0.5),
    ValueRule("emotion", "names of emotions", _text(lambda text: text.lower() in _EMOTIONS), 0.5),
    ValueRule("location", "position of four decimals or more", _text(_is_point), 0.5),
    ValueRule("location", "position of four decimals or more", _is_point_list, 0.5),
    ValueRule("free_text", "sentences", _text(lambda text: len(text.split()) >= _WORDS_OF_PROSE), 0.5),
)
