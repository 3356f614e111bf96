"""Lists the models of a table that may have millions of rows, by one search of its index for each model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

_LIST = """
WITH RECURSIVE found(model) AS (
    SELECT min(model) FROM t_rows
    UNION ALL
    SELECT (SELECT min(model) FROM t_rows WHERE model > found.model) FROM found WHERE found.model IS NOT NULL
)
SELECT model FROM found WHERE model IS NOT NULL
"""


def models_in(table: type[Model]) -> set[str]:
    """Return the values of the column ``model``, which an index begins with."""
    with connection.cursor() as cursor:
        cursor.execute(_LIST.replace("t_rows", table._meta.db_table))  # noqa: SLF001  # what Django documents
        return {name for (name,) in cursor.fetchall()}


def series_in(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the different values of some columns, which an index of the rows begins with, in order."""
    if not columns:
        yield {}
        return
    for value in _values(rows, columns[0]):
        for rest in series_in(rows.filter(**{columns[0]: value}), columns[1:]):
            yield {columns[0]: value, **rest}


def _values(rows: QuerySet[Any], column: str) -> Iterator[str]:
    """Yield the different values of a column, which the index continues with."""
    rest = rows.order_by(column).values_list(column, flat=True)
    found = rest.first()
    while found is not None:
        yield found
        found = rest.filter(**{f"{column}__gt": found}).first()
