"""The flags of ``fairstream allocate``, and the plan that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

import typer

from stream_app.cli.flags.columns import renamed_columns
from stream_app.core.allocation.areas import Area
from stream_app.core.allocation.disparity import MAX_RATIO
from stream_app.core.allocation.limits import Limits
from stream_app.core.allocation.rules import AllocationRequest
from stream_app.errors import ConfigError
from stream_app.offline.allocation.plan import AllocationPlan
from stream_app.offline.allocation.rows import COLUMNS, level_of, parse_number

DEFAULT_LEVEL = "Low"
_PER_RESIDENTS = 1000


@dataclass(frozen=True)
class AreaFlags:
    """How the rows of the file are read."""

    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=COLUMN",
            help="Name a column of the file: area, population, hours, risk or income_level; repeatable.",
            show_default=False,
        ),
    ] = None
    delimiter: Annotated[str, typer.Option(help="Character between two cells of a CSV file.")] = ","

    def renamed(self) -> dict[str, str]:
        """Return the columns that were renamed.

        Raises:
            ConfigError: A value is not NAME=COLUMN, or the name is unknown.
        """
        return renamed_columns(self.columns, COLUMNS)


@dataclass(frozen=True)
class RuleFlags:
    """What is shared, and by which rule."""

    total: Annotated[str, typer.Option(metavar="HOURS", help="Hours in all.", show_default=False)]
    floor: Annotated[
        str, typer.Option(metavar="SHARE", help="Part of them that is reserved for the underserved areas, 0 to 1.")
    ] = "0.15"
    underserved: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEVEL",
            help="Income level of the underserved areas; repeatable. Default: Low, with --live the reference.",
            show_default=False,
        ),
    ] = None
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help="Level that others are compared with. Default: the first underserved one.",
            show_default=False,
        ),
    ] = None
    unit: Annotated[str, typer.Option(metavar="HOURS", help="Smallest part of an hour that is given.")] = "0.01"
    max_ratio: Annotated[
        float, typer.Option(metavar="RATIO", help="Greatest ratio of hours per capita; its inverse is the smallest.")
    ] = MAX_RATIO


@dataclass(frozen=True)
class LimitFlags:
    """Further limits; any of them needs the extra ``remedies``."""

    minimum: Annotated[
        str | None, typer.Option(metavar="HOURS", help="Least hours of each area.", show_default=False)
    ] = None
    max_change: Annotated[
        str | None,
        typer.Option(metavar="HOURS", help="Most hours that an area may gain or lose.", show_default=False),
    ] = None
    cap: Annotated[
        str | None,
        typer.Option(metavar="HOURS", help="Most hours of an area per 1,000 residents.", show_default=False),
    ] = None

    def limits(self) -> Limits:
        """Return the limits.

        Raises:
            ConfigError: A value is not a number.
        """
        cap = _optional(self.cap, "--cap")
        return Limits(
            minimum=_optional(self.minimum, "--minimum"),
            change=_optional(self.max_change, "--max-change"),
            cap=None if cap is None else cap / _PER_RESIDENTS,
        )


def plan_of(
    rule: RuleFlags, limits: LimitFlags, areas: Sequence[Area], default_level: str = DEFAULT_LEVEL
) -> AllocationPlan:
    """Return the plan that flags make; without ``--underserved`` the areas of the default level are.

    Raises:
        ConfigError: A flag is invalid.
    """
    if not 1 < rule.max_ratio < float("inf"):
        raise ConfigError("--max-ratio: expected a number above 1")
    levels = [level_of(areas, text) for text in rule.underserved or [default_level]]
    request = AllocationRequest(
        total=_number(rule.total, "--total"),
        floor=_number(rule.floor, "--floor"),
        underserved=frozenset(levels),
        unit=_number(rule.unit, "--unit"),
    )
    reference = levels[0] if rule.reference is None else level_of(areas, rule.reference)
    if rule.reference is not None and reference not in {area.level for area in areas}:
        known = ", ".join(sorted({area.level for area in areas}))
        raise ConfigError("--reference: no area has this level", action=f"The areas have: {known}")
    return AllocationPlan(request, limits.limits(), reference, rule.max_ratio)


def _optional(text: str | None, flag: str) -> Fraction | None:
    return None if text is None else _number(text, flag)


def _number(text: str, flag: str) -> Fraction:
    number = parse_number(text)
    if number is None:
        raise ConfigError(f"{flag}: expected a number from 0 on, such as 600 or 0.15")
    return number
