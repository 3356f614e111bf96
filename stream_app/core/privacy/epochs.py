"""Key epochs: what a key is still used for at some time, and where a new epoch may begin.

A key epoch is an interval of event time. Events of it get pseudonyms under its key whenever they are counted, so a
replay gives the same pseudonyms. A new epoch begins at the end of a window, and late enough for every worker to know
its key before the first of its events: no window then contains two pseudonyms of one person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from stream_app.core.privacy.pseudonym import RootKey

KeyState = Literal["planned", "active", "verify-only", "destroyed"]

RELOAD_S = 600  # for which a worker may be busy or away until it has read a new key


@dataclass(frozen=True)
class DestroyedKey:
    """What is left of a destroyed key.

    Attributes:
        kid: Its public name.
        valid_from_s: First event time of its key epoch.
        fingerprint: 16 hex digits of the SHA-256 of the former secret.
        destroyed_s: When it was destroyed, seconds since the Unix epoch.
    """

    kid: str
    valid_from_s: int
    fingerprint: str
    destroyed_s: int


@dataclass(frozen=True)
class KeyEpoch:
    """A key and the interval of event time in which it is used.

    Attributes:
        key: The key.
        until_s: Where the next epoch begins; None for the last one.
        state: ``planned`` before its interval, ``active`` in it, ``verify-only`` after it: the key then serves events
            that come late, outcomes, replays and erasure.
    """

    key: RootKey
    until_s: int | None
    state: KeyState


def key_epochs(keys: Iterable[RootKey], now_s: float) -> list[KeyEpoch]:
    """Return the epochs of keys at a time, in the order of event time.

    >>> keys = [RootKey("aaaaaa", 0, b"a" * 32), RootKey("bbbbbb", 100, b"b" * 32), RootKey("cccccc", 200, b"c" * 32)]
    >>> [(epoch.key.kid, epoch.until_s, epoch.state) for epoch in key_epochs(keys, 150)]
    [('aaaaaa', 100, 'verify-only'), ('bbbbbb', 200, 'active'), ('cccccc', None, 'planned')]
    """
    ordered = sorted(keys, key=lambda key: key.valid_from_s)
    ends: list[int | None] = [later.valid_from_s for _, later in pairwise(ordered)]
    epochs = []
    for number, (key, until_s) in enumerate(zip(ordered, [*ends, None], strict=True)):
        state: KeyState = "active"
        if until_s is not None and until_s <= now_s:
            state = "verify-only"
        elif number and key.valid_from_s > now_s:
            state = "planned"
        epochs.append(KeyEpoch(key, until_s, state))
    return epochs


def next_boundary_s(earliest_s: float, lengths_s: Sequence[int]) -> int:
    """Return the first time from ``earliest_s`` on at which no interval of these lengths is open.

    Windows and panes are aligned to the Unix epoch, so these times are the multiples of all lengths.

    >>> next_boundary_s(3_601, [60, 300, 3_600])
    7200
    """
    step_s = math.lcm(*lengths_s)
    return -(-math.ceil(earliest_s) // step_s) * step_s
