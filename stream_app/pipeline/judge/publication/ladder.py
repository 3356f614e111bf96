"""The ladder of k for a stream: windows are released as they end, and what was too small waits for a longer one.

As ``stream_app.core.noise.pooling`` does for a day at once: a cell is shown at the first step where it has k, and only
what was not shown climbs, so nothing overlaps. Exact counts have two more rules, as a reader may know the total of each
window:

- The hidden cells of a release have nobody or k people together. A cell that is hidden for that reason alone never
  climbs, since its later release would undo it.
- Of every window at least one cell is never shown, at no step. Then the counts of single windows inside a longer one
  cannot be computed: each shown sum has two small counts or more, of which one could be more and the other less, both
  balanced by the cells that are never shown.

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4.4 (tables with known margins).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import NamedTuple

from stream_app.core.noise.pooling import ALL, Rung
from stream_app.core.privacy.disclosure import disclose

Labels = tuple[str, ...]


@dataclass(slots=True)
class Waiting:
    """What waits for the end of a longer window.

    Attributes:
        counts: Small counts, added up by labels.
        room: Cells that are not shown yet, in that of its windows which has fewest; None for no window yet.
    """

    counts: dict[Labels, int] = field(default_factory=dict)
    room: int | None = None


Waitings = dict[tuple[int, int], Waiting]  # by step and start of the window


class StepRelease(NamedTuple):
    """What is shown of one window.

    Attributes:
        step: Number of the step.
        start_s: Start of the window.
        end_s: Its end.
        shown: The counts, by labels; ``*`` where it was added up.
        n_small: Cells hidden because they are small; of counts with noise, all hidden cells.
        n_complementary: Cells hidden so that those cannot be computed by subtraction.
    """

    step: int
    start_s: int
    end_s: int
    shown: dict[Labels, int]
    n_small: int
    n_complementary: int


class RunningLadder:
    """Releases the counts of a stream window by window.

    Args:
        rungs: Steps from fine to coarse; each window is a multiple of the one before.
        groups: Labels of each attribute.
        k: Fewest people that are shown.
        is_exact: Whether counts are exact; if not they have noise, and k is compared with that.
        waiting: What waits, as of the last release; changed in place.

    >>> ladder = RunningLadder([Rung(60), Rung(120)], [("hall", "street")], 10, is_exact=False, waiting={})
    >>> [dict(release.shown) for start_s in (0, 60) for release in ladder.take(start_s, {("hall",): 6})]
    [{}, {}, {('hall',): 12}]
    """

    def __init__(
        self, rungs: Sequence[Rung], groups: Sequence[Sequence[str]], k: int, *, is_exact: bool, waiting: Waitings
    ) -> None:
        self._rungs = rungs
        self._sizes = [len(labels) for labels in groups]
        self._k = k
        self._is_exact = is_exact
        self._waiting = waiting

    def take(self, start_s: int, counts: Mapping[Labels, int]) -> Iterator[StepRelease]:
        """Release a window of the first step, and the longer ones that end before it or with it.

        Args:
            start_s: Its start; later than that of every window before.
            counts: Its counts by labels.
        """
        yield from self._end_before(start_s)
        yield self._release(0, start_s, Waiting(dict(counts), prod(self._sizes)))
        yield from self._end_before(start_s + self._rungs[0].window_s)

    def _end_before(self, time_s: int) -> Iterator[StepRelease]:
        """Release the longer windows that have ended, each after the shorter ones inside it."""
        for step in range(1, len(self._rungs)):
            size_s = self._rungs[step].window_s
            for key in sorted(key for key in self._waiting if key[0] == step and key[1] + size_s <= time_s):
                yield self._release(step, key[1], self._waiting.pop(key))

    def _release(self, step: int, start_s: int, own: Waiting) -> StepRelease:
        counts, room = own.counts, own.room or 0
        if self._is_exact:
            disclosure = disclose(counts, self._k)
            n_covered = prod(self._sizes[place] for place in self._rungs[step].pooled)
            fits = disclosure.shown if not step else self._fitting(disclosure.shown, counts, (room - 1) // n_covered)
            shown, small, room = fits, disclosure.small, room - len(fits) * n_covered
        else:
            shown = frozenset(labels for labels, n in counts.items() if n >= self._k)
            small = frozenset(counts) - shown
        rest = {labels: counts[labels] for labels in small}
        if step or len(shown) < len(counts):  # else nothing of this window is hidden
            self._climb(step + 1, start_s, Waiting(rest, room))
        released = {labels: counts[labels] for labels in sorted(shown)}
        end_s = start_s + self._rungs[step].window_s
        return StepRelease(step, start_s, end_s, released, len(small), len(counts) - len(shown) - len(small))

    def _fitting(self, cells: frozenset[Labels], counts: Mapping[Labels, int], most: int) -> frozenset[Labels]:
        """Return the largest cells, at most this many."""
        return frozenset(sorted(cells, key=lambda labels: (-counts[labels], labels))[: max(0, most)])

    def _climb(self, step: int, start_s: int, rest: Waiting) -> None:
        if step >= len(self._rungs):
            return
        rung = self._rungs[step]
        waiting = self._waiting.setdefault((step, start_s // rung.window_s * rung.window_s), Waiting())
        rooms = [room for room in (waiting.room, rest.room) if room is not None]
        waiting.room = min(rooms, default=None)
        for labels, n in rest.counts.items():
            coarse = tuple(ALL if place in rung.pooled else label for place, label in enumerate(labels))
            waiting.counts[coarse] = waiting.counts.get(coarse, 0) + n
