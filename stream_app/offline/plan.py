"""The detectors over a table of counts: each rule, in each direction, for each pair, with its threshold."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stream_app.core.detection.rules import RateRule, RuleKind
from stream_app.core.detection.thresholds import MILLION, log_thresholds
from stream_app.errors import ConfigError

KINDS = {"dir": RuleKind.RATIO, "gap": RuleKind.GAP}
DAY_S = 86_400


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
        max_carry_s: Age beyond which decisions that wait for the other group's are dropped; used where times are known.
        has_lifecycle: Whether an alarm opens a breach that a recovery closes; otherwise a detector restarts after each
            alarm.
    """

    detectors: tuple[Detector, ...]
    log_thresholds: tuple[float, ...]
    design_effect: float = 1.0
    max_carry_s: int = DAY_S
    has_lifecycle: bool = True

    @property
    def false_alarms_per_million(self) -> float:
        """Upper bound of the expected false alarms in a million decisions, over all detectors: ``sum 1e6 / c``."""
        return math.fsum(MILLION * math.exp(-log_c) for log_c in self.log_thresholds)


def parse_rule(text: str) -> tuple[str, RateRule]:
    """Return a rule with its name, from ``dir:LIMIT`` or ``gap:LIMIT``.

    Raises:
        ConfigError: It is not a rule: the limit of ``dir`` is in (0, 1], that of ``gap`` in [0, 1).

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
        raise ConfigError("--rule: expected dir:LIMIT with a limit in (0, 1], or gap:LIMIT with a limit in [0, 1)")
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
