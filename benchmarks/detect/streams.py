"""The streams: rates that stay within the limit in ways that challenge a detector, and rates that violate it.

A stream is drawn in panes of 100 decisions, each about group a (possibly disadvantaged) and group b (the reference).
All runs of a stream are drawn at once, from a seed that is derived from the stream's name, so that each figure can be
reproduced alone and no stream depends on another.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PANE_N = 100  # decisions
SEASON_PANES = 500  # length of one cycle
WALK_STEP = 0.01  # standard deviation of a step of the random walk, for each pane


class Rates(NamedTuple):
    """Chances of each pane and run; every array can be broadcast to (panes, runs).

    Attributes:
        p_a: Chance that a decision about group a is favorable.
        p_b: The same for group b.
        q: Chance that a decision is about group a.
    """

    p_a: Floats
    p_b: Floats
    q: Floats


Shape = Callable[[int, int, Generator], Rates]


@dataclass(frozen=True)
class Stream:
    """A simulated stream.

    Attributes:
        name: What it is; its seed is derived from it.
        shape: Rates by panes, runs and generator.
        fixed_seed: Seed of published figures whose stream had another name; None for the seed of the name.
    """

    name: str
    shape: Shape
    fixed_seed: int | None = None

    @property
    def seed(self) -> int:
        """Seed of all its runs."""
        if self.fixed_seed is not None:
            return self.fixed_seed
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:6])

    def draw(self, n_panes: int, n_runs: int) -> Ints:
        """Return ``k_a, n_a, k_b, n_b`` of each pane and run, shape (panes, runs, 4)."""
        rng = np.random.default_rng(self.seed)
        size = (n_panes, n_runs)
        p_a, p_b, q = self.shape(n_panes, n_runs, rng)
        n_a = rng.binomial(PANE_N, q, size)
        n_b = PANE_N - n_a
        return np.stack([rng.binomial(n_a, p_a, size), n_a, rng.binomial(n_b, p_b, size), n_b], axis=-1)


def steady(p_b: float, ratio: float, q: float) -> Shape:
    """Return rates that never change."""
    return lambda *_: _rates(np.array([[p_b]]), ratio, q)


def common_jump(before: float, after: float, q: float) -> Shape:
    """Return rates of both groups that jump together in the middle."""
    return lambda n_panes, *_: _rates(np.where(_progress(n_panes) < 1 / 2, before, after), 1.0, q)


def common_ramp(before: float, after: float, q: float) -> Shape:
    """Return rates of both groups that slide together over the middle fifth."""

    def shape(n_panes: int, *_: object) -> Rates:
        share = np.clip(5 * _progress(n_panes) - 2, 0, 1)
        return _rates(before + (after - before) * share, 1.0, q)

    return shape


def season(lowest: float, highest: float, ratio: float, q: float) -> Shape:
    """Return a base rate that oscillates."""
    middle, half = (lowest + highest) / 2, (highest - lowest) / 2
    return lambda n_panes, *_: _rates(middle + half * _swing(n_panes), ratio, q)


def random_walk(lowest: float, highest: float, ratio: float, q: float) -> Shape:
    """Return a base rate that is a random walk, reflected at both ends, with a different path in each run."""

    def shape(n_panes: int, n_runs: int, rng: Generator) -> Rates:
        width = highest - lowest
        path = width / 2 + np.cumsum(rng.normal(0, WALK_STEP, (n_panes, n_runs)), axis=0)
        return _rates(lowest + np.abs(np.mod(path + width, 2 * width) - width), ratio, q)

    return shape


def simpson(n_panes: int, *_: object) -> Rates:
    """Return rates that are equal at each moment, while rate and mix oscillate together.

    Group a applies when few are approved: in total, 0.38 of a and 0.62 of b are approved, a ratio of 0.61.
    """
    swing = _swing(n_panes)
    base = 0.5 + 0.3 * swing
    return Rates(base, base, 0.5 - 0.4 * swing)


def between(before: float, p_a: float, q: float, start_pane: int, end_pane: float = math.inf) -> Shape:
    """Return rates that are equal, except in the panes from a start to before an end, where group a has another one."""

    def shape(n_panes: int, *_: object) -> Rates:
        pane = np.arange(n_panes)[:, None]
        is_other = (pane >= start_pane) & (pane < end_pane)
        return Rates(np.where(is_other, p_a, before), np.array([[before]]), np.array([[q]]))

    return shape


def _rates(p_b: Floats, ratio: float, q: float) -> Rates:
    return Rates(ratio * p_b, p_b, np.array([[q]]))


def _progress(n_panes: int) -> Floats:
    progress: Floats = np.arange(n_panes)[:, None] / n_panes
    return progress


def _swing(n_panes: int) -> Floats:
    swing: Floats = np.sin(2 * math.pi / SEASON_PANES * np.arange(n_panes))[:, None]
    return swing


# Streams on which no limit is violated: the ratio is at least 0.8 and the gap at most 0.2 at each moment.
NULLS = (
    *(Stream(f"DIR 1, p .70, q {q}", steady(0.70, 1, q)) for q in (0.5, 0.1)),
    *(Stream(f"DIR .82, p .70, q {q}", steady(0.70, 0.82, q)) for q in (0.5, 0.1)),
    *(Stream(f"boundary .80, p {p}, q {q}", steady(p, 0.8, q)) for p in (0.70, 0.05) for q in (0.5, 0.1)),
    *(Stream(f"DIR 1, p .05, q {q}", steady(0.05, 1, q)) for q in (0.5, 0.1)),
    Stream("DIR 1, p .98, q 0.1", steady(0.98, 1, 0.1)),
    Stream("DIR 1, p .877, q 0.105", steady(0.877, 1, 0.105)),
    *(Stream(f"common jump .7 to .4, q {q}", common_jump(0.7, 0.4, q)) for q in (0.5, 0.1)),
    Stream("common ramp .7 to .4, q 0.5", common_ramp(0.7, 0.4, 0.5)),
    Stream("season .25 to .75, DIR 1, q 0.1", season(0.25, 0.75, 1, 0.1)),
    Stream("season .25 to .75, boundary .80, q 0.1", season(0.25, 0.75, 0.8, 0.1)),
    Stream("random walk .3 to .8, boundary .80, q 0.1", random_walk(0.3, 0.8, 0.8, 0.1)),
    Stream("Simpson: rate and mix swing, DIR 1", simpson),
    Stream("p .70, a .60 from the start: DIR .857, q 0.5", between(0.70, 0.60, 0.5, 0)),
)
JUDGED_BOUNDARIES = ("boundary .80, p 0.7, q 0.1", "boundary .80, p 0.05, q 0.1")


def is_fair(stream: Stream) -> bool:
    """Return whether both groups have equal rates at each moment, so that no alarm at all is expected."""
    return not any(sign in stream.name for sign in ("boundary", "DIR .82", "DIR .857"))
