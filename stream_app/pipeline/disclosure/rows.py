"""Results as flat rows, one for each group: for tables, Parquet and CSV. Only disclosed values go in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts, values_by_name
from stream_app.pipeline.disclosure.results import DisclosedResult

Row = dict[str, Any]

_NESTED = ("schema", "groups", "offsets")
_ABOUT_RATES = (
    *("favorable", "rate", "rate_bounds", "disparate_impact_ratio", "ratio_bounds", "gap", "gap_bounds"),
    *("rules", "shortfall", "scores", "worst_case", "design_effect"),
)
# A spreadsheet takes text that begins with one of these for a formula; in East Asian scripts the wide forms too.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def rows_of(results: Iterable[DisclosedResult], **constants: Any) -> list[Row]:
    """Flatten results: a row for each group, with the fields of its result; what is nested gets dotted names.

    Args:
        results: Disclosed results.
        constants: Columns that are the same in every row.
    """
    results, rows = list(results), []
    is_of_amounts = any(isinstance(group.amounts, DisclosedAmounts) for result in results for group in result.groups)
    for result in results:
        fields = msgspec.to_builtins(result)
        shared = {
            f"total_{name}" if name in ("n", "state") else name: fields[name] for name in fields if name not in _NESTED
        }
        for group, own in zip(result.groups, fields["groups"], strict=True):
            values = _amounts_instead(own, group.amounts) if is_of_amounts else own
            rows.append({**constants, **_flat(shared), **_flat(values)})
    return rows


def columns_of(rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Turn rows into columns; a value that a row lacks is None.

    Where some rows have parts of a value, such as the ends of an interval, there are columns for the parts only.

    >>> columns_of([{"bounds": None}, {"bounds.lower": 0.1, "bounds.upper": 0.2}])
    {'bounds.lower': [None, 0.1], 'bounds.upper': [None, 0.2]}
    """
    rows = list(rows)
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    for whole in {name.rpartition(".")[0] for name in names}:
        names.pop(whole, None)
    return {name: [row.get(name) for row in rows] for name in names}


def csv_of(rows: Iterable[Row]) -> str:
    """Write rows as CSV (RFC 4180) whose cells no spreadsheet takes for a formula.

    >>> print(csv_of([{"group": "=1+1", "gap": -0.25}]), end="")
    group,gap
    '=1+1,-0.25
    """
    columns = columns_of(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(inert, columns))
    writer.writerows([inert(value) for value in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue()


def inert(value: Any) -> Any:
    """Return a cell that is only text: one that begins like a formula gets an apostrophe before it; numbers stay.

    >>> inert("@cmd"), inert("female"), inert(-3), inert(None)
    ("'@cmd", 'female', -3, '')
    """
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_ACTIVE) else value


def _amounts_instead(group: Row, amounts: DisclosedAmounts | msgspec.UnsetType) -> Row:
    """Return the fields of a group of a model of kind ``amounts``: its amounts by name, and nothing about rates."""
    kept = {name: value for name, value in group.items() if name not in (*_ABOUT_RATES, "amounts")}
    if isinstance(amounts, msgspec.UnsetType):
        return kept
    for name, measured in values_by_name(amounts).items():
        kept |= {name: measured.value, f"{name}_lower": measured.lower, f"{name}_upper": measured.upper}
    return kept | {"is_over": amounts.is_over, "cause": msgspec.to_builtins(amounts.cause)}


def _flat(fields: Mapping[str, Any], prefix: str = "") -> Row:
    flat: Row = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            texts = [item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in value]
            flat[prefix + name] = ";".join(texts)
        else:
            flat[prefix + name] = value
    return flat
