"""Keeps answers for a moment: many programs that ask the same in one second cost one reading of the database."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

KEPT_S = 1.0
_MAX_KEPT = 32
_MAX_BYTES = 1_000_000


class KeptAnswers:
    """The newest answers by what was asked: who may ask is checked before.

    Args:
        seconds: How old an answer may be; 0 keeps none.
        now: The clock, seconds.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()  # question -> until when, answer
        self._lock = threading.Lock()

    def answer_to(self, question: str, make: Callable[[], bytes]) -> bytes:
        """Return the kept answer to a question, or make it.

        >>> answers = KeptAnswers(1.0, now=iter([0.0, 0.5, 2.0]).__next__)
        >>> made = iter([b"first", b"second"])
        >>> [answers.answer_to("?limit=1", lambda: next(made)) for _ in range(3)]
        [b'first', b'first', b'second']
        """
        now_s = self._now()
        with self._lock:
            until_s, body = self._kept.get(question, (0.0, b""))
        if now_s < until_s:
            return body
        body = make()  # asked for twice at a time, it is made twice
        if self._seconds and len(body) <= _MAX_BYTES:
            with self._lock:
                self._kept[question] = now_s + self._seconds, body
                self._kept.move_to_end(question)
                if len(self._kept) > _MAX_KEPT:
                    self._kept.popitem(last=False)
        return body
