"""Reads the cells of a CSV file as the values that a policy expects.

A reader takes the stripped text of one cell and returns a JSON value, or raises ``UnreadableCellError`` with a reason
that never contains the text of the cell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

from stream_app.errors import ConfigError
from stream_app.policy import Attribute, Constant, Decision, Feature, Identifier, Scalar

BLANK = "blank"

JsonValue = str | int | float | bool | None
Reader = Callable[[str], JsonValue]

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_NOT_A_NUMBER = "not a number (see --decimal-comma and --thousands)"
_SPACES = "[ \u00a0\u202f]"  # what files use between thousands, where a person sees a space
_SPELLINGS = {True: ("true", "t", "yes", "y", "1"), False: ("false", "f", "no", "n", "0")}


class UnreadableCellError(ValueError):
    """A cell that cannot become the value that the policy expects; its text is the reason."""


def read_optional_text(cell: str) -> str | None:
    """Read text; a blank cell is null."""
    return cell or None


def identifier_reader(identifier: Identifier) -> Reader:
    """Return the reader of an identifier: integers where the policy requires them, otherwise text."""

    def read(cell: str) -> JsonValue:
        if not cell:
            return _allow_blank(is_required=identifier.is_required)
        return read_integer(cell) if identifier.canonical == "integer" else cell

    return read


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written in a file.

    Args:
        has_decimal_comma: Whether a comma separates the decimals, and not a point.
        thousands: Character between groups of three digits; empty for none.

    Raises:
        ConfigError: ``thousands`` is not one character, is a digit or a sign, or separates decimals already.
    """

    has_decimal_comma: bool = False
    thousands: str = ""

    def __post_init__(self) -> None:
        mark = self.thousands
        if mark and (len(mark) != 1 or mark.isalnum() or mark in "+-" or mark == self._decimal):
            raise ConfigError("--thousands: expected one character that is no digit, sign or decimal separator")

    def read(self, cell: str) -> int | float:
        """Read a number; NaN and infinity are not JSON numbers.

        >>> NumberFormat(has_decimal_comma=True, thousands=".").read("1.234,5"), NumberFormat().read("1e3")
        (1234.5, 1000.0)
        """
        if self.thousands:
            cell = self._without_thousands(cell)
        if self.has_decimal_comma:
            if "." in cell:
                raise UnreadableCellError(_NOT_A_NUMBER)
            cell = cell.replace(",", ".")
        if _INTEGER.fullmatch(cell):
            return int(cell)
        if not _NUMBER.fullmatch(cell) or not math.isfinite(number := float(cell)):
            raise UnreadableCellError(_NOT_A_NUMBER)
        return number

    @property
    def _decimal(self) -> str:
        return "," if self.has_decimal_comma else "."

    def _without_thousands(self, cell: str) -> str:
        """Join the groups of digits; marks at other places than between groups of three stay, and are an error."""
        mark = _SPACES if self.thousands == " " else re.escape(self.thousands)
        if not re.match(rf"[+-]?\d{{1,3}}(?:{mark}\d{{3}})+(?!\d|{mark})", cell):
            return cell
        whole, decimal, decimals = cell.partition(self._decimal)
        return re.sub(mark, "", whole) + decimal + decimals


def attribute_reader(attribute: Attribute, numbers: NumberFormat) -> Reader:
    """Return the reader of a group; a number where the policy has bands of numbers."""
    has_numbers = bool(attribute.edges) and attribute.derive is None

    def read(cell: str) -> JsonValue:
        if has_numbers and cell:
            with suppress(UnreadableCellError):  # not a number: a worker counts it as unknown
                return numbers.read(cell)
        return read_optional_text(cell)

    return read


def feature_reader(feature: Feature, numbers: NumberFormat) -> Reader:
    """Return the reader of a number."""

    def read(cell: str) -> JsonValue:
        return numbers.read(cell) if cell else _allow_blank(is_required=feature.is_required)

    return read


def constant_reader(constant: Constant) -> Reader:
    """Return the reader of a field that may contain only the listed values."""
    values: dict[str, JsonValue] = {str(value): value for value in constant.values}

    def read(cell: str) -> JsonValue:
        if cell not in values:
            raise UnreadableCellError("not one of the values in the policy")
        return values[cell]

    return read


def decision_reader(decision: Decision, favorable: Collection[str], unfavorable: Collection[str]) -> Reader:
    """Return the reader of the decision; letter case does not matter.

    Args:
        decision: What the policy expects.
        favorable: Spellings of the favorable value in the file; when empty, the values of the policy themselves
            (for booleans also t/f, yes/no, y/n and 1/0).
        unfavorable: Spellings of the other value; when empty, anything that is neither favorable nor blank.
    """
    is_open = bool(favorable) and not unfavorable
    values: dict[str, JsonValue] = {}
    for value in decision.favorable_values[:1] if favorable else decision.favorable_values:
        values |= _spell(value, favorable)
    for value in decision.unfavorable[:1] if unfavorable else decision.unfavorable:
        values = _spell(value, unfavorable) | values

    def read(cell: str) -> JsonValue:
        if not cell:
            raise UnreadableCellError(BLANK)
        if (value := values.get(cell.casefold())) is not None:
            return value
        if is_open:
            return decision.unfavorable[0]
        raise UnreadableCellError("neither the favorable nor an unfavorable value")

    return read


def _spell(value: Scalar, spellings: Collection[str]) -> dict[str, JsonValue]:
    default = _SPELLINGS[value] if isinstance(value, bool) else (str(value),)
    return {spelling.strip().casefold(): value for spelling in spellings or default}


def read_integer(cell: str) -> int:
    """Read a whole number of at most 18 digits."""
    if not _INTEGER.fullmatch(cell):
        raise UnreadableCellError("not an integer")
    return int(cell)


def _allow_blank(*, is_required: bool) -> JsonValue:
    if is_required:
        raise UnreadableCellError(BLANK)
    return None
