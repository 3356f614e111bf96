"""Lists the models of a table that may have millions of rows, by one search of its index for each model."""

from __future__ import annotations

from collections.abc import Iterator
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


def series_in(rows: QuerySet[Any]) -> Iterator[dict[str, str]]:
    """Yield every model, attribute and window of rows that are indexed by them, in order."""
    for model in _values(rows, "model"):
        of_model = rows.filter(model=model)
        for attribute in _values(of_model, "attribute"):
            for window in _values(of_model.filter(attribute=attribute), "window"):
                yield {"model": model, "attribute": attribute, "window": window}


def _values(rows: QuerySet[Any], column: str) -> Iterator[str]:
    """Yield the different values of a column, which the index continues with."""
    rest = rows.order_by(column).values_list(column, flat=True)
    found = rest.first()
    while found is not None:
        yield found
        found = rest.filter(**{f"{column}__gt": found}).first()
