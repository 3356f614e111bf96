"""Reads times and lengths of time as people write them."""

from __future__ import annotations

import re

from stream_app.errors import ConfigError
from stream_app.policy.values.times import TimeFault, read_time

_RELATIVE = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|m|h|d)(?:\s+ago)?$")
_LENGTH = re.compile(r"^(\d+)\s*(s|m|h|d)$")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_moment(text: str, now_s: float) -> int:
    """Read a time: ISO 8601 with an offset, seconds since the epoch, or a length of time ago.

    Args:
        text: ``2026-11-23T09:00:00Z``, ``1795449600``, ``2h``, ``2h ago``, ``now``.
        now_s: The current time.

    Returns:
        Whole seconds since the epoch, rounded down.

    Raises:
        ConfigError: it has another form, or is a time without an offset.

    >>> parse_moment("2h ago", 10_000), parse_moment("1970-01-01T01:00:00Z", 0), parse_moment("now", 7.9)
    (2800, 3600, 7)
    """
    text = text.strip()
    if text == "now":
        return int(now_s // 1)
    if match := _RELATIVE.match(text):
        return int((now_s - float(match[1]) * _UNIT_S[match[2]]) // 1)
    if text.isdigit():
        return int(text)
    moment = read_time(text)
    if isinstance(moment, TimeFault):
        raise ConfigError(f"Invalid time {text!r}", action="Give 2026-11-23T09:00:00Z, 2h, or seconds since 1970")
    return int(moment.timestamp() // 1)


def parse_length(text: str) -> int:
    """Read a length of time in whole seconds: ``10s``, ``5m``, ``6h``, ``1d``.

    Raises:
        ConfigError: it has another form.

    >>> parse_length("6h")
    21600
    """
    if not (match := _LENGTH.match(text.strip())) or not int(match[1]):
        raise ConfigError(f"{text!r} is not a valid length of time", action="Give 10s, 5m, 6h or 1d")
    return int(match[1]) * _UNIT_S[match[2]]
