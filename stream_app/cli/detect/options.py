"""The flags of ``fairstream detect``, and the plan that they make."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.cli.flags.columns import renamed_columns
from stream_app.offline.columns import COLUMNS, ColumnNames
from stream_app.offline.plan import (
    DEFAULT_FALSE_ALARMS,
    DEFAULT_RULES,
    MAX_DESIGN_EFFECT,
    Plan,
    PlanSettings,
)


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
    period: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Compare N rows (with --reference: N periods) at once, added up."),
    ] = 1
    delimiter: Annotated[str, typer.Option(help="Character between two cells of a CSV file.")] = ","

    def column_names(self) -> ColumnNames:
        """Return the columns that were renamed.

        Raises:
            ConfigError: A value is not NAME=COLUMN, or the name is unknown.
        """
        return ColumnNames(renamed_columns(self.columns, COLUMNS))


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
        float,
        typer.Option(min=1, max=MAX_DESIGN_EFFECT, help="Divide counts by this number if decisions copy one another."),
    ] = 1.0
    reset_after_alarm: Annotated[
        bool, typer.Option("--reset-after-alarm", help="Reset after each alarm instead of waiting for recovery.")
    ] = False

    def __post_init__(self) -> None:
        self._settings.validate(_flag_of)

    @property
    def _settings(self) -> PlanSettings:
        return PlanSettings(
            rules=self.rules or DEFAULT_RULES,
            direction=self.direction.value,
            threshold=self.threshold,
            false_alarms_per_million=self.false_alarms_per_million,
            design_effect=self.design_effect,
            has_lifecycle=not self.reset_after_alarm,
        )

    def plan(self, n_pairs: int) -> Plan:
        """Return the plan for this many pairs of groups."""
        return self._settings.plan(n_pairs)


def _flag_of(setting: str) -> str:
    return "--rule" if setting == "rules" else f"--{setting.replace('_', '-')}"
