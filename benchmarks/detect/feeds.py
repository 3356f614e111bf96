"""Feeds that keep every rule in each comparison period, while size, base rate and mix move together between periods.

*Batches*: each period is an upload about one of three segments, in which both groups have the same rate. The share of
the group is small where many are approved, so over all time the ratio is far below the limit.

*Bursts*: size, base rate and mix of each period are drawn together. Sizes have a heavy tail (Pareto), and large periods
have low rates and many of the group.

The ratio is 1, or exactly on the limit, in every period; added up to longer periods it is not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from benchmarks.detect.methods.detector import FOUR_FIFTHS, run_detector
from benchmarks.detect.size import Size
from benchmarks.detect.streams import Floats, Ints, Stream, steady

SEGMENTS = ((0.02, 0.8), (0.15, 0.6), (0.60, 0.35))  # share of the group, rate of both
_GATHERED_N = 5  # of each group, where decisions are gathered over periods
_MOST_N = 2_000  # decisions of a burst
Draw = Callable[[Generator, tuple[int, int]], Ints]


@dataclass(frozen=True)
class Feed:
    """A feed on which no rule is violated in any period.

    Attributes:
        name: What it is; its seed is derived from it.
        draw: Counts of shape (periods, runs, 4).
        mean_n: Mean decisions of a period.
    """

    name: str
    draw: Draw
    mean_n: float


@dataclass(frozen=True)
class FeedResult:
    """Alarms of the ratio detector on a feed; all of them false.

    Attributes:
        name: The feed.
        seed: Seed of its stream.
        n_runs: Runs.
        n_decisions: Mean decisions of a run.
        n_runs_with_any: Runs with an alarm.
        n_added_up: The same when five of each group are gathered before they are compared.
        permitted: Share of runs that may have an alarm.
    """

    name: str
    seed: int
    n_runs: int
    n_decisions: float
    n_runs_with_any: int
    n_added_up: int
    permitted: float


def batches(n: int, ratio: float) -> Draw:
    """Return a draw of uploads of ``n`` decisions about one segment each."""

    def draw(rng: Generator, size: tuple[int, int]) -> Ints:
        segment = rng.integers(len(SEGMENTS), size=size)
        q, rate = np.array(SEGMENTS)[segment].transpose(2, 0, 1)
        return _counts(rng, np.full(size, n), q, rate * ratio, rate)

    return draw


def bursts(tail: float, ratio: float) -> Draw:
    """Return a draw of periods whose size has a Pareto tail, larger ones with lower rates and more of the group."""

    def draw(rng: Generator, size: tuple[int, int]) -> Ints:
        n = np.minimum(1 + 4 * rng.pareto(tail, size), _MOST_N)
        position = np.clip(np.log(n) / math.log(200) + rng.normal(0, 0.2, size), 0, 1)  # 0 quiet, 1 busy
        return _counts(
            rng, n.astype(np.int64), 0.05 + 0.5 * position, (0.85 - 0.6 * position) * ratio, 0.85 - 0.6 * position
        )

    return draw


def _counts(rng: Generator, n: Ints, q: Floats, p_a: Floats, p_b: Floats) -> Ints:
    n_a = rng.binomial(n, q)
    n_b = n - n_a
    return np.stack([rng.binomial(n_a, p_a), n_a, rng.binomial(n_b, p_b), n_b], axis=-1)


FEEDS = (
    *(
        Feed(f"batches of {n} about one segment, DIR {r}", batches(n, r), n)
        for r in (1, 0.8)
        for n in (1, 20, 100, 400)
    ),
    *(
        Feed(f"bursts, Pareto {tail}, DIR {r}", bursts(tail, r), 4 / (tail - 1) + 1)
        for r in (1, 0.8)
        for tail in (1.3, 2.0)
    ),
)


def measure_feed(feed: Feed, size: Size) -> FeedResult:
    """Draw runs of a feed and count those with an alarm, as it is and with decisions gathered over periods."""
    seed = Stream(feed.name, steady(0.5, 1, 0.5)).seed
    n_periods = min(math.ceil(size.n_feed_decisions / feed.mean_n), size.most_feed_periods)
    counts = feed.draw(np.random.default_rng(seed), (n_periods, size.n_feed_runs))
    n_decisions = float(counts[..., 1::2].sum() / size.n_feed_runs)
    return FeedResult(
        name=feed.name,
        seed=seed,
        n_runs=size.n_feed_runs,
        n_decisions=n_decisions,
        n_runs_with_any=_n_with_any(counts, size),
        n_added_up=_n_with_any(_added_up(counts), size),
        permitted=min(1.0, n_decisions / math.exp(size.null_log_c)),
    )


def _n_with_any(counts: Ints, size: Size) -> int:
    return int(run_detector(FOUR_FIFTHS, counts, log_c=size.null_log_c).alarms.any(axis=0).sum())


def _added_up(counts: Ints) -> Ints:
    """Return the periods with decisions gathered until both groups have five: what must not be done."""
    waiting = np.zeros_like(counts[0])
    gathered = np.zeros_like(counts)
    for at, period in enumerate(counts):
        waiting += period
        is_block = (waiting[:, 1] >= _GATHERED_N) & (waiting[:, 3] >= _GATHERED_N)
        gathered[at, is_block] = waiting[is_block]
        waiting[is_block] = 0
    return gathered
