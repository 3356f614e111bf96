"""What a plan is about: rule, rates, traffic, budget."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from stream_app.core.detection.rules import RateRule
from stream_app.core.detection.thresholds import MILLION
from stream_app.errors import ConfigError
from stream_app.offline.planning.delays import Traffic
from stream_app.offline.planning.violation import Violation

DAY_S = 86_400
_ROUNDING = 1e-9  # of limits and rates that are written as decimal fractions
_MAX_RUNS = 2_000


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """What is planned for.

    Attributes:
        rule: The rule that is tested, with its name: ``dir:0.8``.
        reference_rate: Rate of the reference group, in (0, 1).
        ratios: Sizes of violations as ratio of the group's rate to the reference's, each in (0, 1) and beyond the rule.
        share: Share of the model's decisions about the group, in (0, 1).
        share_reference: Share about the reference group, in (0, 1); both sum to at most 1.
        per_day: Decisions of the model in a day, > 0.
        period_s: Comparison period, seconds, >= 1.
        false_alarms_per_million: False-alarm budget of the model, in (0, 1e6).
        weight: Part of the budget that the test of this group has, in (0, 1].
        n_runs: Simulated streams, 10 to 2,000.
        seed: Of the simulation.
    """

    rule: tuple[str, RateRule]
    reference_rate: float
    ratios: tuple[float, ...]
    share: float
    share_reference: float
    per_day: float
    period_s: int
    false_alarms_per_million: float
    weight: float
    n_runs: int = 200
    seed: int = 1

    def validate(self, name_of: Callable[[str], str] = str) -> None:
        """Check all fields.

        Args:
            name_of: Returns what a field is called where the user wrote it; without it, its name here.

        Raises:
            ConfigError: A field is invalid; the message says which.
        """
        for name in ("reference_rate", "share", "share_reference"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name_of(name)}: expected a number above 0 and below 1")
        if self.share + self.share_reference > 1 + 1e-9:
            raise ConfigError(f"{name_of('share')} and {name_of('share_reference')} sum to more than 1")
        if not 0 < self.per_day <= MILLION**2 or self.period_s < 1:
            raise ConfigError(f"{name_of('per_day')} must be above 0 and {name_of('period_s')} at least 1")
        if not 0 < self.false_alarms_per_million < MILLION or not 0 < self.weight <= 1:
            raise ConfigError(f"{name_of('false_alarms_per_million')}: expected a number above 0 and below 1,000,000")
        if not 10 <= self.n_runs <= _MAX_RUNS:  # noqa: PLR2004 (fewer have no 90 %)
            raise ConfigError(f"{name_of('n_runs')}: expected a number from 10 to {_MAX_RUNS:,}")
        for ratio in self.ratios:
            violation = self.violation(ratio) if 0 < ratio < 1 else None
            if violation is None or not _is_violated(violation):
                raise ConfigError(
                    f"{name_of('ratios')}: {ratio:g} does not violate the rule at a reference rate of "
                    f"{self.reference_rate:g}",
                    action="Give a smaller ratio; what is within the limit is never detected, however long one waits",
                )

    def violation(self, ratio: float) -> Violation:
        """Return the violation of one size."""
        q = self.share / (self.share + self.share_reference)
        return Violation(self.rule[1], ratio * self.reference_rate, self.reference_rate, q)

    def log_threshold(self, budget: float) -> float:
        """Return the natural log of the evidence that the test needs under a budget."""
        return math.log(MILLION / (budget * self.weight))

    def traffic(self, period_s: int) -> Traffic:
        """Return the traffic by periods of a length."""
        return Traffic(self.per_day * period_s / DAY_S, self.share, self.share_reference)


def _is_violated(violation: Violation) -> bool:
    x, _ = violation.nearest_fair_rates()
    return violation.p_a < x - _ROUNDING
