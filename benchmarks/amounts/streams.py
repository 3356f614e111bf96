"""Streams of amounts in panes: on the limit of their rule at each moment, in ways that challenge a test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.amounts.shapes import Draw, Floats, bell, points, prices
from stream_app.core.amounts.counts import AmountCounts, paired_columns
from stream_app.core.amounts.scale import FULL
from stream_app.core.detection.rules import RateRule, RuleKind

Ints = NDArray[np.int64]

N_BINS = 32
PANE_N = 100  # decisions of a pane, on average
SEASON_PANES = 480
_PANES_AT_ONCE = 40


@dataclass(frozen=True)
class Traffic:
    """How many decisions there are, and how amounts move, by pane.

    Attributes:
        n: Decisions of each pane, shape (panes, 1) or (panes, runs).
        q: Share of group a, likewise.
        level: What all amounts are multiplied by, likewise.
    """

    n: Ints
    q: Floats
    level: Floats


Moves = Callable[[int, int, Generator], Traffic]


@dataclass(frozen=True)
class AmountStream:
    """A simulated stream that keeps its rule at each moment.

    Attributes:
        name: What it is; its seed is derived from it.
        a: Amounts of the group that may be harmed.
        b: Amounts of its reference.
        gap: How far the mean of a is below that of b: the limit of the rule.
        moves: Traffic by panes, runs and generator.
        rule: The rule; None for the gap.
        zero: Of a rule about a ratio: the amount 0 as a share of the range.
    """

    name: str
    a: Draw
    b: Draw
    gap: float
    moves: Moves
    rule: RateRule | None = None
    zero: float = 0.0

    @property
    def kept_rule(self) -> RateRule:
        """The rule that it keeps."""
        return self.rule or RateRule(RuleKind.GAP, self.gap)

    @property
    def seed(self) -> int:
        """Seed of all its runs."""
        return seed_of(self.name)

    def panes(self, n_panes: int, n_runs: int) -> Iterator[tuple[Ints, Ints]]:
        """Yield the columns and the decisions of each pane, shapes (runs, 4 bins) and (runs,)."""
        rng = np.random.default_rng(self.seed)
        traffic = self.moves(n_panes, n_runs, rng)
        size = (n_panes, n_runs)
        sizes, shares = np.broadcast_to(traffic.n, size), np.broadcast_to(traffic.q, size)
        levels = np.broadcast_to(traffic.level, size)
        for start in range(0, n_panes, _PANES_AT_ONCE):
            chunk = slice(start, start + _PANES_AT_ONCE)
            n_a = rng.binomial(sizes[chunk], shares[chunk])
            n_b: Ints = sizes[chunk] - n_a
            sides = [
                count(draw(rng, int(n.sum())) * np.repeat(levels[chunk], n.ravel()), n)
                for draw, n in ((self.a, n_a), (self.b, n_b))
            ]
            yield from zip(paired_columns(sides[0], sides[1], favorable="high"), sizes[chunk], strict=True)


def seed_of(name: str) -> int:
    """Return the seed of what has a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])


def count(shares: Floats, n: Ints) -> AmountCounts:
    """Return amounts by bin, shape (*n.shape, bins), from all of them in one row."""
    fixed = np.rint(shares * FULL).astype(np.int64)
    slots = np.repeat(np.arange(n.size), n.ravel()) * N_BINS + np.minimum(fixed // (FULL // N_BINS), N_BINS - 1)
    size, shape = n.size * N_BINS, (*n.shape, N_BINS)
    sums = np.bincount(slots, weights=fixed, minlength=size)  # exact below 2**53
    return AmountCounts(np.bincount(slots, minlength=size).reshape(shape), sums.astype(np.int64).reshape(shape))


def steady(q: float) -> Moves:
    """Return traffic that never changes."""
    return lambda *_: Traffic(np.array([[PANE_N]]), np.array([[q]]), np.array([[1.0]]))


def drift(n_panes: int, n_runs: int, rng: Generator) -> Traffic:
    """Return amounts that walk at random between a third of themselves and all, differently in each run."""
    path = 1 / 3 + np.cumsum(rng.normal(0, 0.01, (n_panes, n_runs)), axis=0)
    return Traffic(np.array([[PANE_N]]), np.array([[0.3]]), 1 / 3 + np.abs(np.mod(path + 2 / 3, 4 / 3) - 2 / 3))


def day_and_night(n_panes: int, *_: object) -> Traffic:
    """Return days with many decisions about b and high amounts, and nights with few of them, most about a, and low."""
    is_day = (np.arange(n_panes)[:, None] % SEASON_PANES) < SEASON_PANES / 2
    return Traffic(np.where(is_day, 170, 30), np.where(is_day, 0.1, 0.8), np.where(is_day, 1.0, 0.4))


def surges(n_panes: int, n_runs: int, rng: Generator) -> Traffic:
    """Return volumes from 4 to 400 decisions and any mix, drawn again for each pane."""
    n = np.rint(4 * 100 ** rng.uniform(size=(n_panes, n_runs))).astype(np.int64)
    return Traffic(n, rng.beta(0.5, 1.5, (n_panes, n_runs)), rng.choice([0.5, 1.0], (n_panes, n_runs)))


_TWO, _TWO_LOWER = points((0, 0.7), (1, 0.3)), points((0, 0.75), (1, 0.25))
_TIES, _TIES_LOWER = points((0, 0.4), (1, 0.3)), points((0, 0.43), (1, 0.27))
_RARELY_HIGH, _RARELY_LOW = points((0.1, 0.9), (1, 0.1)), points((0.5, 0.99), (0, 0.01))

NULLS = (
    AmountStream("skewed prices, q .1", prices(0.08, 1.0), prices(0.08, 1.0), 0.0, steady(0.1)),
    AmountStream("two amounts only, gap .05, q .5", _TWO_LOWER, _TWO, 0.05, steady(0.5)),
    AmountStream("random walk of the level", bell(0.5, 0.1), bell(0.5, 0.1), 0.0, drift),
    AmountStream("ties at both ends, gap .03, q .3", _TIES_LOWER, _TIES, 0.03, steady(0.3)),
    AmountStream("day and night: level, mix and volume", bell(0.5, 0.1), bell(0.5, 0.1), 0.0, day_and_night),
    AmountStream("surges: volume, mix and level", bell(0.3, 0.2), bell(0.3, 0.2), 0.0, surges),
    AmountStream("equal means of other shapes, q .3", _RARELY_HIGH, bell(0.19, 0.03), 0.0, steady(0.3)),
    AmountStream("rare low amounts, q .5", _RARELY_LOW, bell(0.495, 0.02), 0.0, steady(0.5)),
)
