"""Make a DataFrame with declared columns from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fairstream.frames.columns import CATEGORY, TIME, Column
from stream_app.extras import import_extra

if TYPE_CHECKING:
    from types import ModuleType

    from pandas import DataFrame


def load_pandas() -> ModuleType:
    """Return pandas.

    Raises:
        DependencyMissingError: pandas is not installed.
    """
    pandas: ModuleType = import_extra("pandas", "A DataFrame")
    return pandas


def build_frame(columns: Sequence[Column], records: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Return a DataFrame with one row for each record; without records it has the same columns and dtypes.

    Raises:
        DependencyMissingError: pandas is not installed.
        KeyError: a record lacks the value of a column.
    """
    pd = load_pandas()
    records = list(records)
    frame: DataFrame = pd.DataFrame(
        {column.name: _series(pd, column, [column.value(record) for record in records]) for column in columns}
    )
    return frame


def _series(pd: Any, column: Column, values: list[Any]) -> Any:
    if column.dtype == TIME:
        times = np.array(["NaT" if value is None else value for value in values], dtype="datetime64[s]")
        return pd.Series(times).dt.tz_localize("UTC")
    if column.dtype == CATEGORY:
        return pd.Series(pd.Categorical(values, categories=column.categories, ordered=column.is_ordered))
    return pd.Series(values, dtype=column.dtype)
