"""How fast a test of mean amounts can be: an oracle that knows both distributions, and sees every amount."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from benchmarks.amounts.shapes import Draw, Floats
from benchmarks.amounts.streams import PANE_N, Ints, seed_of
from stream_app.core.detection.amounts.lines import AmountLine

Scales = tuple[float, float]

_MILLION = 1e6
_LEVEL = 0.01  # probability of a false alarm of the oracle in a million decisions
_SAMPLE_N = 100_000  # draws that stand for a distribution
_MOST = 0.999  # of the greatest bet with which a factor could be 0


@dataclass(frozen=True)
class Oracle:
    """A CUSUM of the bets that grow fastest at the true distributions.

    Each bet is the likelihood ratio of the true distribution against the nearest one that keeps the rule.

    Attributes:
        bet_a: ``L / n_a``.
        bet_b: ``L / n_b``.
        u: Level of b; that of a is ``u - gap``.
        gap: Limit of the rule.
        growth: Expected log of the bets for each decision.
        threshold: Of the statistic, in nats.
        scales: What the amounts of a and b are multiplied by.
    """

    bet_a: float
    bet_b: float
    u: float
    gap: float
    growth: float
    threshold: float = math.inf
    scales: Scales = (1.0, 1.0)

    def log_a(self, amounts: Floats) -> Floats:
        """Return the log of the bet on each amount of a."""
        logs: Floats = np.log1p(-self.bet_a * (self.scales[0] * amounts - self.u + self.gap))
        return logs

    def log_b(self, amounts: Floats) -> Floats:
        """Return the log of the bet on each amount of b."""
        logs: Floats = np.log1p(self.bet_b * (self.scales[1] * amounts - self.u))
        return logs

    def bound(self, c: float) -> float:
        """Return about how many decisions the best possible test needs with ``c`` to a false alarm."""
        return (math.log(c * self.growth) - 1) / self.growth


def new_oracle(
    name: str, a: Draw, b: Draw, gap: float, q: float, *, n_panes: int, n_runs: int, scales: Scales = (1.0, 1.0)
) -> Oracle:
    """Return an oracle whose threshold is simulated for a false alarm in 1 % of runs of a million decisions.

    The maximum of a CUSUM of log likelihood ratios over a long stream has the Gumbel distribution with scale 1
    (``benchmarks.detect.methods.oracle``).
    """
    rng = np.random.default_rng(seed_of(f"oracle {name}"))
    samples = a(rng, _SAMPLE_N), b(rng, _SAMPLE_N)
    oracle = _fastest(*samples, AmountLine(*scales, gap), q)
    fair_a = _nearest_fair(samples[0], oracle.log_a(samples[0]), 1.0)
    fair_b = _nearest_fair(samples[1], oracle.log_b(samples[1]), 0.0)
    logs = oracle.log_a(fair_a[0]), oracle.log_b(fair_b[0])
    ends = np.cumsum(fair_a[1]), np.cumsum(fair_b[1])
    value: Floats = np.zeros(n_runs)
    highest = np.full(n_runs, -np.inf)
    for _ in range(n_panes):
        n_a = rng.binomial(PANE_N, q, n_runs)
        step = np.zeros(n_runs)
        for side, n in ((0, n_a), (1, PANE_N - n_a)):
            drawn = logs[side][np.searchsorted(ends[side], rng.uniform(0, ends[side][-1], int(n.sum())))]
            step += sum_by_run(drawn, n)
        value = np.maximum(value, 0) + step
        np.maximum(highest, value, out=highest)
    location = -math.log(float(np.exp(-highest).mean())) + math.log(_MILLION / (n_panes * PANE_N))
    threshold = location - math.log(-math.log(1 - _LEVEL))
    return replace(oracle, threshold=threshold)


def sum_by_run(values: Floats, n: Ints) -> Floats:
    """Return the sum of each run's values, ``n`` each in one row."""
    slots = np.repeat(np.arange(n.size), n)
    return np.bincount(slots, weights=values, minlength=n.size).astype(np.float64)


def _fastest(a: Floats, b: Floats, line: AmountLine, q: float) -> Oracle:
    """Return the bets with the highest expected log at these amounts."""
    highest = min(line.scale_b, line.scale_a + line.gap)

    def oracle_at(growth: float, strength: float, place: float) -> Oracle:
        u = line.gap + (highest - line.gap) / (1 + math.exp(-place))
        most = min(q / (line.scale_a - u + line.gap), (1 - q) / u)  # of L / PANE_N: no factor is 0 at any amount
        bet = _MOST * most / (1 + math.exp(-strength))
        return Oracle(bet / q, bet / (1 - q), u, line.gap, growth, scales=(line.scale_a, line.scale_b))

    def loss(at: Floats) -> float:
        oracle = oracle_at(0.0, *at)
        return -float(q * oracle.log_a(a).mean() + (1 - q) * oracle.log_b(b).mean())

    middle = min(max((line.scale_b * float(b.mean()) - line.gap) / (highest - line.gap), 0.01), 0.99)
    starts = [[strength, math.log(middle / (1 - middle))] for strength in (-4.0, 0.0)]
    best = min((minimize(loss, start, method="Nelder-Mead") for start in starts), key=lambda found: float(found.fun))
    return oracle_at(-float(best.fun), *best.x)


def _nearest_fair(amounts: Floats, logs: Floats, extreme: float) -> tuple[Floats, Floats]:
    """Return amounts and chances of the distribution that the bet is the likelihood ratio against."""
    chances = np.exp(-logs) / len(amounts)
    return np.append(amounts, extreme), np.append(chances, max(0.0, 1 - chances.sum()))
