"""Bands of numbers as groups: how they are named, and which band a number or a date of birth is in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream_app.policy.values.times import TimeFault, read_date, read_time

OLDEST = 130.0  # years, older than anyone was

Floats = NDArray[np.float64]
_Days = NDArray[np.datetime64]

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"(?:\d{4}-\d\d-\d\d)+", re.ASCII)
_DATE_LENGTH = 10
_NUMBERS = {int, float}


def band_labels(edges: Sequence[float]) -> tuple[str, ...]:
    """Return the name of each band, lowest first; a number on an edge is in the upper band.

    >>> band_labels((25, 40, 62.5))
    ('under 25', '25 to under 40', '40 to under 62.5', '62.5 and over')
    """
    texts = [f"{edge:.12g}" for edge in edges]
    return (f"under {texts[0]}", *(f"{low} to under {high}" for low, high in pairwise(texts)), f"{texts[-1]} and over")


def read_number(text: str) -> float | None:
    """Read a number that is written as text; None when it is not one, nor NaN or infinity.

    >>> read_number(" 12.5"), read_number("1e3"), read_number("NaN"), read_number("1,000"), read_number("1e999")
    (12.5, 1000.0, None, None, None)
    """
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        return None
    number = float(stripped)
    return number if isfinite(number) else None


def numbers_of(values: Sequence[Any], *, reads_text: bool) -> Floats:
    """Return a column of JSON values as numbers, float64, shape (n,); NaN where a value is not a number.

    Args:
        values: The values.
        reads_text: Whether a number may be written as text.
    """
    if set(map(type, values)) <= _NUMBERS:
        try:
            return np.fromiter(values, np.float64, len(values))
        except OverflowError:
            pass  # an integer beyond every float
    return np.fromiter((_number(value, reads_text=reads_text) for value in values), np.float64, len(values))


def ages_of(births: Sequence[Any], times_s: NDArray[np.int64]) -> Floats:
    """Return the age in completed years on the day of an event, in UTC; NaN where a value is not a date.

    A birthday on 29 February is completed on 1 March in years without it. A time counts by the date that is written.

    Args:
        births: Dates of birth, as ``1990-02-28`` or ``19900228``, or with a time of day behind it.
        times_s: Event times, seconds since the epoch, shape (n,).

    >>> ages_of(["1990-11-29", "1990-11-30", "unknown"], np.full(3, 1_795_961_456)).tolist()
    [36.0, 35.0, nan]
    """
    birth_days = _dates_of(births)
    return np.floor((_as_numbers(times_s.astype("datetime64[s]").astype("datetime64[D]")) - birth_days) / 10_000)


def band_numbers(numbers: Floats, edges: Sequence[float], minimum: float | None, maximum: float | None) -> list[int]:
    """Return the number of the band of each number; -1 for NaN and what is outside the plausible range."""
    bands = np.searchsorted(np.array(edges), numbers, side="right")
    is_known = ~np.isnan(numbers)
    is_known &= numbers >= (-np.inf if minimum is None else minimum)
    is_known &= numbers <= (np.inf if maximum is None else maximum)
    return np.where(is_known, bands, -1).tolist()  # type: ignore[no-any-return]  # a list of int


def _number(value: Any, *, reads_text: bool) -> float:
    if type(value) in _NUMBERS:
        try:
            return float(value)
        except OverflowError:
            return np.nan
    number = read_number(value) if reads_text and isinstance(value, str) else None
    return np.nan if number is None else number


def _dates_of(values: Sequence[Any]) -> Floats:
    """Return dates as numbers (19900228), NaN where a value is not a date."""
    if set(map(type, values)) == {str} and set(map(len, values)) == {_DATE_LENGTH} and _DATE.fullmatch("".join(values)):
        try:
            return _as_numbers(np.array(values, "datetime64[D]"))
        except ValueError:
            pass  # some day does not exist
    return np.fromiter(map(_date, values), np.float64, len(values))


def _date(value: Any) -> float:
    if not isinstance(value, str):
        return np.nan
    day = read_date(value)
    if day is None and read_time(value) is not TimeFault.NOT_A_TIME:
        day = read_date(value[:_DATE_LENGTH]) or read_date(value[: _DATE_LENGTH - 2])
    return np.nan if day is None else day[0] * 10_000.0 + day[1] * 100 + day[2]


def _as_numbers(days: _Days) -> Floats:
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    in_year = months.astype(np.int64) % 12 + 1
    numbers: Floats = years * 10_000.0 + in_year * 100 + ((days - months).astype(np.int64) + 1)
    return numbers
