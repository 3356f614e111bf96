"""Keeps the queries of each token in the memory of this process, and says whose pattern suggests an extraction.

Several processes each see their own part of the queries, and a restart forgets them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from stream_app.web_app.api.scoring.extraction import MIN_QUERIES, Pattern, Signal, pattern_of
from stream_app.web_app.api.scoring.model import Application

_KEPT_S = 24 * 3600.0
_MAX_TOKENS = 50  # of the one that asked longest ago the queries are dropped
_EVERY, _SHARE = 50, 20  # queries between two looks at a pattern: 50, and a twentieth of what is kept


class Suspicion(NamedTuple):
    """A pattern that has begun to suggest an extraction.

    Attributes:
        token: Id of the token.
        signal: What suggests it.
        n: Queries of this token since the first that is kept.
        pattern: The pattern of the different ones.
    """

    token: str
    signal: Signal
    n: int
    pattern: Pattern


class _Queries:
    """The different queries of one token, the one that was asked longest ago first."""

    def __init__(self) -> None:
        self.asked_s: OrderedDict[Application, float] = OrderedDict()
        self.n = self.next_look = 0
        self.is_looked_at = False
        self.signals: frozenset[Signal] = frozenset()

    def note(self, query: Application, now_s: float, most: int) -> None:
        self.n += 1
        self.is_looked_at = False
        self.asked_s[query] = now_s
        self.asked_s.move_to_end(query)
        if len(self.asked_s) > most:
            self.asked_s.popitem(last=False)

    def drop_before(self, time_s: float) -> None:
        while self.asked_s and next(iter(self.asked_s.values())) < time_s:
            self.asked_s.popitem(last=False)
            self.is_looked_at = False
        if not self.asked_s:
            self.n = self.next_look = 0


class ObservedQueries:
    """The queries of the last 24 hours, of each token.

    Args:
        most: Different queries of one token in 24 hours that raise an alarm; as many are kept, at least 200.
        alarm: Called once when a pattern begins to suggest an extraction.
        now: The clock, seconds.
    """

    def __init__(
        self, most: int, alarm: Callable[[Suspicion], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._alarm, self._now = most, alarm, now
        self._by_token: OrderedDict[str, _Queries] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, token: str, query: Application) -> None:
        """Keep a query, and raise an alarm where a pattern begins to suggest an extraction."""
        with self._lock:
            queries = self._by_token.setdefault(token, _Queries())
            self._by_token.move_to_end(token)
            queries.note(query, self._now(), max(self._most, MIN_QUERIES))
            if len(self._by_token) > _MAX_TOKENS:
                self._by_token.popitem(last=False)
            begun = self._look(token, queries) if queries.n >= queries.next_look else []
        for suspicion in begun:
            self._alarm(suspicion)

    def suspected(self) -> dict[str, frozenset[Signal]]:
        """Return the tokens with queries in the last 24 hours, with what suggests an extraction now."""
        begun: list[Suspicion] = []
        with self._lock:
            for token, queries in self._by_token.items():
                begun += self._look(token, queries)
            found = {token: queries.signals for token, queries in self._by_token.items() if queries.asked_s}
        for suspicion in begun:
            self._alarm(suspicion)
        return found

    def _look(self, token: str, queries: _Queries) -> list[Suspicion]:
        queries.drop_before(self._now() - _KEPT_S)
        if queries.is_looked_at:
            return []
        queries.is_looked_at = True
        queries.next_look = queries.n + max(_EVERY, len(queries.asked_s) // _SHARE)
        pattern = pattern_of(queries.asked_s.keys())
        before, queries.signals = queries.signals, pattern.signals(self._most)
        return [Suspicion(token, signal, queries.n, pattern) for signal in sorted(queries.signals - before)]
