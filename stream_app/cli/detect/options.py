"""The flags of ``fairstream detect``, and the plan that they make."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.errors import ConfigError

if TYPE_CHECKING:
    from stream_app.offline.columns import ColumnNames
    from stream_app.offline.plan import Plan

DEFAULT_RULES = ("dir:0.8", "gap:0.2")
DEFAULT_FALSE_ALARMS = 0.1
_HOUR_S = 3600


class DetectFlags(enum.StrEnum):
    """Whose harm is looked for."""

    LOW = "low"
    HIGH = "high"
    BOTH = "both"


Source = Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON list or JSON lines; - for standard input.")]
Reference = Annotated[
    str | None,
    typer.Option(
        metavar="GROUP",
        help="The file has a row for each group and period; compare all groups with this one.",
        show_default=False,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COLUMN",
        help="What a column is called in the file: k_a, n_a, k_b, n_b, start, group, n, k or period; repeatable.",
        show_default=False,
    ),
]
Delimiter = Annotated[str, typer.Option(help="Character between two cells of a CSV file.")]
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        metavar="RULE",
        help=f"dir:LIMIT (lowest ratio) or gap:LIMIT (widest gap); repeatable. (default: {', '.join(DEFAULT_RULES)})",
        show_default=False,
    ),
]
DirectionFlag = Annotated[
    DetectFlags, typer.Option(help="low: harm to the group; high: harm to the reference; both: either.")
]
Threshold = Annotated[
    float | None,
    typer.Option(help="Alarm when the evidence reaches this, for example 1e8; above 1.", show_default=False),
]
FalseAlarms = Annotated[
    float | None,
    typer.Option(
        help="Expected false alarms in a million decisions, at most, over everything that is watched."
        f" (default: {DEFAULT_FALSE_ALARMS})",
        show_default=False,
    ),
]
DesignEffect = Annotated[
    float, typer.Option(min=1, max=1000, help="Divide counts by this, where decisions copy one another.")
]
CarryHours = Annotated[
    float,
    typer.Option(
        min=0,
        max=1_000_000,
        help="With times: decisions wait this long for 5 of both groups, then they are dropped.",
    ),
]
KeepAlarming = Annotated[
    bool, typer.Option("--keep-alarming", help="Begin anew after each alarm, in place of waiting for a recovery.")
]
Plot = Annotated[
    Path | None,
    typer.Option(metavar="FILE.svg", help="Draw rates, ratio or gap, and evidence.", show_default=False),
]


def parse_columns(texts: Sequence[str]) -> ColumnNames:
    """Return the names of columns from ``NAME=COLUMN``.

    Raises:
        ConfigError: A text is no such pair, or names a column that nobody asks for.
    """
    from stream_app.offline.columns import COLUMNS, ColumnNames  # noqa: PLC0415

    renamed = {}
    for text in texts:
        name, _, column = (part.strip() for part in text.partition("="))
        if name not in COLUMNS or not column:
            raise ConfigError(f"--column: expected NAME=COLUMN with NAME one of {', '.join(COLUMNS)}")
        renamed[name] = column
    return ColumnNames(renamed)


class PlanFlags:
    """What is watched, as it was asked for; wrong flags are refused before the file is read.

    Raises:
        ConfigError: A rule or a threshold is none.
    """

    def __init__(
        self,
        rules: Sequence[str],
        watched: DetectFlags,
        threshold: float | None,
        false_alarms_per_million: float | None,
    ) -> None:
        from stream_app.core.detection.thresholds import MILLION  # noqa: PLC0415
        from stream_app.offline.plan import Direction, parse_rule  # noqa: PLC0415

        if threshold is not None and false_alarms_per_million is not None:
            raise ConfigError("--threshold and --false-alarms-per-million say the same", action="Give one of them")
        if threshold is not None and not 1 < threshold < math.inf:
            raise ConfigError("--threshold: expected a number above 1")
        f = DEFAULT_FALSE_ALARMS if false_alarms_per_million is None else false_alarms_per_million
        if not 0 < f < MILLION:
            raise ConfigError("--false-alarms-per-million: expected a number above 0 and below 1,000,000")
        self._rules = [parse_rule(text) for text in rules or DEFAULT_RULES]
        self._directions = list(Direction) if watched is DetectFlags.BOTH else [Direction(watched.value)]
        self._threshold, self._false_alarms_per_million = threshold, f

    def plan(self, n_pairs: int, *, design_effect: float, carry_hours: float, has_lifecycle: bool) -> Plan:
        """Return the plan for so many pairs."""
        from stream_app.offline.plan import Plan, equal_thresholds, list_detectors  # noqa: PLC0415

        detectors = list_detectors(n_pairs, self._rules, self._directions)
        return Plan(
            detectors,
            equal_thresholds(
                len(detectors),
                threshold=self._threshold,
                false_alarms_per_million=self._false_alarms_per_million,
            ),
            design_effect=design_effect,
            max_carry_s=int(carry_hours * _HOUR_S),
            has_lifecycle=has_lifecycle,
        )
