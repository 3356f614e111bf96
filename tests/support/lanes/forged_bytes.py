"""Bytes that no worker writes: what somebody with write access to an internal topic may put there."""

from __future__ import annotations

import json

_DEEP = 50_000
ESCAPES = "\x1b]0;forged\x07\x1b[2J\u202e\u2066"
# What no codec of a record can read, whichever topic it is in.
UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "one byte": b"\xc1",
    "JSON of another type": b"[1, -2, 3]",
    "NaN": b'{"model": NaN, "n": Infinity}',
    "deep JSON": b'{"forged":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    "deep MessagePack": b"\x81\xa6forged" + b"\x91" * _DEEP + b"\x01",
    "deep MessagePack list": b"\x93\xa1d" + b"\x91" * (2 * _DEEP) + b"\x01\x01",
    "text that is not UTF-8": b"\x94\xa2\xff\xfe\x01\x02\x03",
    "JSON that is not UTF-8": b'{"model": "\xff\xfe"}',
    "half a surrogate": b'{"model": "\\ud800"}',
    "a length of 4 GiB": b"\xdd\xff\xff\xff\xff",
    "a text of 900 kB with escapes": json.dumps({"schema": ESCAPES * 40_000}, ensure_ascii=False).encode()[:900_000],
}
