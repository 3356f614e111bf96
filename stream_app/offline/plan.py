"""The detectors over a table of counts: each rule, in each direction, for each pair, with its threshold."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.detection.thresholds import MILLION, log_thresholds
from stream_app.errors import ConfigError

KINDS = {"dir": RuleKind.RATIO, "gap": RuleKind.GAP}

DEFAULT_RULES = ("dir:0.8", "gap:0.2")
DEFAULT_FALSE_ALARMS = 0.1  # expected in a million decisions
MAX_DESIGN_EFFECT = 1000
DIRECTIONS = ("low", "high", "both")


class Direction(enum.StrEnum):
    """The side that is disadvantaged when a rule is violated."""

    LOW = "low"  # the group: its rate is too low
    HIGH = "high"  # the reference: the rate of the group is too high


class Detector(NamedTuple):
    """One rule for one pair, in one direction.

    Attributes:
        pair: Index of the pair.
        name: The rule as it was given: ``dir:0.8``.
        rule: The rule, from the view of the side that may be disadvantaged.
        direction: Which side that is.
    """

    pair: int
    name: str
    rule: RateRule
    direction: Direction


@dataclass(frozen=True)
class Plan:
    """The detectors of one call.

    Attributes:
        detectors: By pair, then rule, then direction.
        log_thresholds: Natural log of the threshold of each.
        design_effect: Divides all counts, >= 1.
        has_lifecycle: Whether an alarm opens a breach that a recovery closes; otherwise a detector restarts after each
            alarm.
    """

    detectors: tuple[Detector, ...]
    log_thresholds: tuple[float, ...]
    design_effect: float = 1.0
    has_lifecycle: bool = True

    @property
    def false_alarms_per_million(self) -> float:
        """Upper bound of the expected false alarms in a million decisions, over all detectors: ``sum 1e6 / c``."""
        return math.fsum(MILLION * math.exp(-log_c) for log_c in self.log_thresholds)


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """What a user chooses about the detectors, before the pairs of a table are known.

    Attributes:
        rules: Texts such as ``dir:0.8``, at least one.
        direction: ``low``, ``high`` or ``both``.
        threshold: Threshold of each detector, > 1; None to use the budget.
        false_alarms_per_million: False-alarm budget, in (0, 1e6); None for the default, and with a threshold.
        design_effect: Divides all counts, 1 to 1000.
        has_lifecycle: As in ``Plan``.
    """

    rules: Sequence[str] = DEFAULT_RULES
    direction: str = "both"
    threshold: float | None = None
    false_alarms_per_million: float | None = None
    design_effect: float = 1.0
    has_lifecycle: bool = True

    @property
    def budget(self) -> float:
        """The false-alarm budget that applies without a threshold."""
        return DEFAULT_FALSE_ALARMS if self.false_alarms_per_million is None else self.false_alarms_per_million

    def validate(self, name_of: Callable[[str], str] = str) -> None:
        """Check all settings.

        Args:
            name_of: Returns what a setting is called where the user wrote it; without it, its name here.

        Raises:
            ConfigError: A setting is invalid; the message says which.
        """
        if isinstance(self.rules, str) or not self.rules:
            raise ConfigError(f"{name_of('rules')}: expected a list of rules", action="Example of a rule: dir:0.8")
        for text in self.rules:
            parse_rule(text)  # the message names the rule
        if self.direction not in DIRECTIONS:
            raise ConfigError(f"{name_of('direction')}: expected low, high or both, got {self.direction!r}")
        threshold, false_alarms = name_of("threshold"), name_of("false_alarms_per_million")
        if self.threshold is not None and self.false_alarms_per_million is not None:
            raise ConfigError(f"{threshold} and {false_alarms} are mutually exclusive", action="Give one")
        if self.threshold is not None and not 1 < self.threshold < math.inf:
            raise ConfigError(f"{threshold}: expected a number above 1")
        if not 0 < self.budget < MILLION:
            raise ConfigError(f"{false_alarms}: expected a number above 0 and below 1,000,000")
        _check_range(name_of("design_effect"), self.design_effect, 1, MAX_DESIGN_EFFECT)

    def plan(self, n_pairs: int) -> Plan:
        """Return the plan for this many pairs of groups, from valid settings."""
        directions = list(Direction) if self.direction == "both" else [Direction(self.direction)]
        detectors = list_detectors(n_pairs, [parse_rule(text) for text in self.rules], directions)
        return Plan(
            detectors,
            equal_thresholds(len(detectors), threshold=self.threshold, false_alarms_per_million=self.budget),
            design_effect=self.design_effect,
            has_lifecycle=self.has_lifecycle,
        )


def parse_rule(text: str) -> tuple[str, RateRule]:
    """Return a rule with its name, from ``dir:LIMIT`` or ``gap:LIMIT``.

    Raises:
        ConfigError: The text is not a rule, or its limit is outside its range.

    >>> parse_rule("dir:0.80")
    ('dir:0.8', RateRule(kind=<RuleKind.RATIO: 'ratio'>, limit=0.8))
    """
    word, _, number = text.strip().partition(":")
    try:
        kind, limit = KINDS[word], float(number)
        rule = RateRule(kind, limit)
    except (KeyError, ValueError):
        rule = None
    if rule is None or (rule.kind is RuleKind.RATIO and rule.limit > 1):
        raise ConfigError(
            f"Invalid rule {text!r}", action="Expected dir:LIMIT with 0 < LIMIT <= 1, or gap:LIMIT with 0 <= LIMIT < 1"
        )
    return f"{word}:{rule.limit:g}", rule


def list_detectors(
    n_pairs: int, rules: Sequence[tuple[str, RateRule]], directions: Sequence[Direction]
) -> tuple[Detector, ...]:
    """Return a detector for each pair, rule and direction; a rule that was given twice counts once."""
    return tuple(
        Detector(pair, name, rule, direction)
        for pair in range(n_pairs)
        for name, rule in dict(rules).items()
        for direction in directions
    )


def equal_thresholds(n: int, *, threshold: float | None, false_alarms_per_million: float) -> tuple[float, ...]:
    """Return the log threshold of each of ``n`` detectors.

    Args:
        n: Detectors, >= 1.
        threshold: Threshold of each, > 1; None to use the next argument.
        false_alarms_per_million: False-alarm budget that all of them share equally, in (0, 1e6).
    """
    if threshold is not None:
        return (math.log(threshold),) * n
    return tuple(log_thresholds(false_alarms_per_million, [1 / n] * n))


def _check_range(name: str, number: float, least: float, most: float) -> None:
    if not least <= number <= most:
        raise ConfigError(f"{name}: expected a number from {least:,} to {most:,}")
