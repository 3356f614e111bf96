"""Records that somebody with write access to a topic may forge: nonsense, and honest records with one change."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from stream_app.pipeline.seals import take_seal
from tests.support.lanes.forged_bytes import ESCAPES, UNREADABLE

VALUES: tuple[Any, ...] = (2**62, 2**31, -1, 0, 1.5, 1e308, None, True, "", ESCAPES, "x" * 20_000, [], [[]] * 100, {})
Named = tuple[bytes | None, bytes | None]  # key and value
KEYS = (b"\xff\xfe", b"invented", ESCAPES.encode(), None)


def forgeries(
    own: Sequence[tuple[bytes | None, bytes]], n: int, seed: int
) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Yield keys and values of forged records of one topic.

    Args:
        own: Keys and values of honest records of it.
        n: How many honest records are changed.
        seed: Of the choice of what is changed.
    """
    chance = random.Random(seed)
    for number, value in enumerate(UNREADABLE.values()):
        yield KEYS[number % len(KEYS)], value
    for number in range(n if own else 0):
        key, value = chance.choice(own)
        yield chance.choice((key, key, *KEYS)), _changed(value, chance, number)


def _changed(value: bytes, chance: random.Random, number: int) -> bytes | None:
    """Return an honest record with a byte changed, cut, without its seal, or with another value at one place of it."""
    if number % 8 == 0:
        return value[: len(value) // 2]
    if number % 8 == 1:
        place = chance.randrange(len(value))
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    record, tag = take_seal(value)
    if number % 8 == 2 and tag is not None:
        return record
    for decode, encode in ((msgspec.json.decode, _json), (msgspec.msgpack.decode, msgspec.msgpack.encode)):
        try:
            content: Any = decode(record)
        except (msgspec.DecodeError, ValueError):
            continue
        changed = encode(_replace(content, chance))
        return changed if number % 2 else value[: len(value) - len(record)] + changed  # with its seal
    return record[::-1]


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()  # also numbers beyond 64 bits


def _replace(content: Any, chance: random.Random) -> Any:
    """Return content with one place changed, at any depth."""
    if isinstance(content, dict) and content and chance.random() < 0.9:
        name = chance.choice(list(content))
        return content | {name: _replace(content[name], chance)}
    if isinstance(content, list) and content and chance.random() < 0.9:
        place = chance.randrange(len(content))
        return [*content[:place], _replace(content[place], chance), *content[place + 1 :]]
    return chance.choice(VALUES)
