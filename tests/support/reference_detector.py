"""The detector once more, in plain Python and by other means: one pair, one rule, numbers instead of arrays.

Written from ``docs/explanation/detection.md``: null points by bisection, sums by ``math.fsum``. Slow and easy to check.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

START_RATE = (0.5, 1.0)  # favorable decisions and decisions, before any
RATIO_STEPS, GAP_STEPS = (15 / 16, 7 / 8, 3 / 4, 1 / 2, 1 / 8), (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass
class ReferenceDetector:
    """One detector of a rule ``p_a >= limit * p_b`` (ratio) or ``p_a >= p_b - limit`` (gap); it restarts at an alarm.

    Attributes:
        is_ratio: Kind of the rule.
        limit: Its limit.
        log_threshold: At which it alarms.
        log_sr: Statistic after each period; None without evidence.
        log_eproc: e-process since the last restart.
        alarms: Number of the period, statistic and onset of each alarm.
    """

    is_ratio: bool
    limit: float
    log_threshold: float
    log_sr: list[float | None] = field(default_factory=list)
    log_eproc: list[float] = field(default_factory=list)
    alarms: list[tuple[int, float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rates = [list(START_RATE), list(START_RATE)]
        self._n_seen = 0
        self._restart()

    def feed(self, k_a: int, n_a: int, k_b: int, n_b: int, n_model: int | None = None) -> None:
        """Take in a period."""
        at = len(self.log_sr)
        self._n_seen += n_a + n_b if n_model is None else n_model
        if n_a and n_b:
            for number, theta_a in enumerate(self._bets(n_a, n_b)):
                if theta_a is not None:
                    self._add(number, at, self._log_e(theta_a, k_a, n_a, k_b, n_b))
            for rate, (k, n) in zip(self._rates, ((k_a, n_a), (k_b, n_b)), strict=True):
                keep = math.exp(-n / 2000)
                rate[:] = [rate[0] * keep + k, rate[1] * keep + n]
        known = [value for value in self._log_r if value is not None]
        self.log_sr.append(_log_sum(known) - math.log(5) if known else None)
        if known and (log_sr := _log_sum(known) - math.log(5)) >= self.log_threshold:
            best = max(range(5), key=lambda number: self._rise[number])
            self.alarms.append((at, log_sr, self._onset[best]))
            self._restart()
        self.log_eproc.append(_log_sum(self._log_m) - math.log(5))

    def _restart(self) -> None:
        self._log_r: list[float | None] = [None] * 5
        self._log_m, self._rise, self._onset = [0.0] * 5, [-math.inf] * 5, [-1] * 5
        self._n_used = [self._n_seen] * 5

    def _usual(self) -> list[float]:
        return [min(max(k / n, 1e-4), 1 - 1e-4) for k, n in self._rates]

    def _bets(self, n_a: int, n_b: int) -> list[float | None]:
        q_a, q_b = self._usual()
        pooled = (n_a * q_a + n_b * q_b) / (n_a + n_b)
        spread = math.sqrt(pooled * (1 - pooled))
        line = self.limit * q_b if self.is_ratio else q_b - self.limit
        bets = [step * line for step in RATIO_STEPS] if self.is_ratio else [line - step * spread for step in GAP_STEPS]
        bets = [min(max(bet, 5e-5), 1 - 5e-5) for bet in bets]
        return [bet if line - bet > 1e-9 else None for bet in bets]

    def _log_e(self, theta_a: float, k_a: int, n_a: int, k_b: int, n_b: int) -> float:
        theta_b = self._usual()[1]
        u = self._null_rate(n_a, theta_a, n_b, theta_b)
        x = self.limit * u if self.is_ratio else u - self.limit
        return (
            k_a * math.log(theta_a / x)
            + (n_a - k_a) * math.log((1 - theta_a) / (1 - x))
            + k_b * math.log(theta_b / u)
            + (n_b - k_b) * math.log((1 - theta_b) / (1 - u))
        )

    def _null_rate(self, n_a: int, theta_a: float, n_b: int, theta_b: float) -> float:
        """Return the rate of b on the line at which the expected log likelihood is highest: where its slope is 0."""
        slope = self.limit if self.is_ratio else 1.0
        low, high = (0.0, 1.0) if self.is_ratio else (self.limit, 1.0)
        for _ in range(200):
            u = (low + high) / 2
            x = self.limit * u if self.is_ratio else u - self.limit
            rise = slope * n_a * (theta_a - x) / (x * (1 - x)) + n_b * (theta_b - u) / (u * (1 - u))
            low, high = (u, high) if rise > 0 else (low, u)
        return low

    def _add(self, number: int, at: int, log_e: float) -> None:
        log_start = math.log(self._n_seen - self._n_used[number])
        before = self._log_r[number]
        self._log_r[number] = log_e + (log_start if before is None else _log_sum([before, log_start]))
        self._n_used[number] = self._n_seen
        self._log_m[number] += log_e
        if self._rise[number] <= 0:
            self._rise[number], self._onset[number] = 0.0, at
        self._rise[number] += log_e


def _log_sum(logs: Sequence[float]) -> float:
    highest = max(logs)
    return highest + math.log(math.fsum(math.exp(value - highest) for value in logs))
