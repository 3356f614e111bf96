"""Keeps answers for a moment: many programs that ask the same in one second cost one reading of the database."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

KEPT_S = 1.0
_RENEWED = 0.7  # of its time, after which it is made again
_MAX_KEPT = 32
_MAX_BYTES = 1_000_000


class KeptAnswers:
    """The newest answers by what was asked: who may ask is checked before.

    An answer that will soon be too old is made again by one who asks, while the others still get it: else all who ask
    in the moment in which it ends would make it at the same time.

    Args:
        seconds: How old an answer may be; 0 keeps none.
        now: The clock, seconds.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._kept: OrderedDict[str, tuple[float, float, bytes]] = OrderedDict()  # question -> renewed, ends, answer
        self._lock = threading.Lock()

    def answer_to(self, question: str, make: Callable[[], bytes]) -> bytes:
        """Return the kept answer to a question, or make it.

        >>> answers = KeptAnswers(1.0, now=iter([0.0, 0.5, 0.8, 0.9, 2.0]).__next__)
        >>> made = iter([b"first", b"second", b"third"])
        >>> [answers.answer_to("?limit=1", lambda: next(made)) for _ in range(5)]
        [b'first', b'first', b'second', b'second', b'third']
        """
        now_s = self._now()
        with self._lock:
            renewed_s, ends_s, body = self._kept.get(question, (0.0, 0.0, b""))
            if now_s < ends_s and now_s >= renewed_s:
                self._kept[question] = ends_s, ends_s, body  # it is renewed by this call, and by no other
        if now_s < renewed_s:
            return body
        body = make()
        if self._seconds and len(body) <= _MAX_BYTES:
            with self._lock:
                self._kept[question] = now_s + _RENEWED * self._seconds, now_s + self._seconds, body
                self._kept.move_to_end(question)
                if len(self._kept) > _MAX_KEPT:
                    self._kept.popitem(last=False)
        return body
