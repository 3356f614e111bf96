"""The flags of ``fairstream detect``, and the plan that they make."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.core.detection.thresholds import MILLION
from stream_app.errors import ConfigError
from stream_app.offline.columns import COLUMNS, ColumnNames
from stream_app.offline.plan import Direction, Plan, equal_thresholds, list_detectors, parse_rule

DEFAULT_RULES = ("dir:0.8", "gap:0.2")
DEFAULT_FALSE_ALARMS = 0.1
_HOUR_S = 3600


class DirectionFlag(enum.StrEnum):
    """Whose disadvantage is tested."""

    LOW = "low"
    HIGH = "high"
    BOTH = "both"


@dataclass(frozen=True)
class CountFlags:
    """How the rows of the file are read."""

    reference: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="Read one row per group and period, and compare all groups with this one.",
            show_default=False,
        ),
    ] = None
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=COLUMN",
            help="Name a column of the file: k_a, n_a, k_b, n_b, start, group, n, k or period; repeatable.",
            show_default=False,
        ),
    ] = None
    delimiter: Annotated[str, typer.Option(help="Character between two cells of a CSV file.")] = ","

    def column_names(self) -> ColumnNames:
        """Return the columns that were renamed.

        Raises:
            ConfigError: A value is not NAME=COLUMN, or the name is unknown.
        """
        renamed = {}
        for text in self.columns or ():
            name, _, column = (part.strip() for part in text.partition("="))
            if name not in COLUMNS or not column:
                raise ConfigError(f"--column: expected NAME=COLUMN with NAME one of {', '.join(COLUMNS)}")
            renamed[name] = column
        return ColumnNames(renamed)


@dataclass(frozen=True)
class PlanFlags:
    """What is tested, with which thresholds; invalid flags are rejected before the file is read.

    Raises:
        ConfigError: A rule, a threshold or a false-alarm budget is invalid.
    """

    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            metavar="RULE",
            help="dir:LIMIT (lowest ratio) or gap:LIMIT (largest gap); repeatable.",
            show_default=", ".join(DEFAULT_RULES),
        ),
    ] = None
    direction: Annotated[
        DirectionFlag,
        typer.Option(help="Who may be disadvantaged: low: the group; high: the reference; both: either."),
    ] = DirectionFlag.BOTH
    threshold: Annotated[
        float | None,
        typer.Option(help="Alarm when the e-value reaches this number, such as 1e8; above 1.", show_default=False),
    ] = None
    false_alarms_per_million: Annotated[
        float | None,
        typer.Option(
            help="False-alarm budget: expected false alarms per million decisions, over all tests.",
            show_default=str(DEFAULT_FALSE_ALARMS),
        ),
    ] = None
    design_effect: Annotated[
        float, typer.Option(min=1, max=1000, help="Divide counts by this number if decisions copy one another.")
    ] = 1.0
    carry_hours: Annotated[
        float,
        typer.Option(
            min=0,
            max=1_000_000,
            help="With times: keep decisions this long until both groups have 5, then drop them.",
        ),
    ] = 24.0
    reset_after_alarm: Annotated[
        bool, typer.Option("--reset-after-alarm", help="Reset after each alarm instead of waiting for recovery.")
    ] = False

    def __post_init__(self) -> None:
        if self.threshold is not None and self.false_alarms_per_million is not None:
            raise ConfigError("--threshold and --false-alarms-per-million are mutually exclusive", action="Give one")
        if self.threshold is not None and not 1 < self.threshold < math.inf:
            raise ConfigError("--threshold: expected a number above 1")
        if not 0 < self._budget < MILLION:
            raise ConfigError("--false-alarms-per-million: expected a number above 0 and below 1,000,000")
        for text in self.rules or ():
            parse_rule(text)

    @property
    def _budget(self) -> float:
        return DEFAULT_FALSE_ALARMS if self.false_alarms_per_million is None else self.false_alarms_per_million

    def plan(self, n_pairs: int) -> Plan:
        """Return the plan for this many pairs of groups."""
        rules = [parse_rule(text) for text in self.rules or DEFAULT_RULES]
        is_both = self.direction is DirectionFlag.BOTH
        directions = list(Direction) if is_both else [Direction(self.direction.value)]
        detectors = list_detectors(n_pairs, rules, directions)
        thresholds = equal_thresholds(len(detectors), threshold=self.threshold, false_alarms_per_million=self._budget)
        return Plan(
            detectors,
            thresholds,
            design_effect=self.design_effect,
            max_carry_s=int(self.carry_hours * _HOUR_S),
            has_lifecycle=not self.reset_after_alarm,
        )
