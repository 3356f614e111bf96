"""Sends a Prometheus every query of a dashboard, as Grafana does when a person opens it.

The source is a parameter: recorded samples, or a Prometheus that scrapes real workers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.boards.board_queries import (
    BOARDS,
    LABEL_VALUES,
    QUERY_RESULT,
    Asked,
    asked,
    fill,
    marks,
    variables,
)
from tests.support.servers.recorded_prometheus import PromApi, QueryRefusedError

STEP_S = 15.0
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Source:
    """A Prometheus, and the time range that is selected."""

    api: PromApi
    start_s: float
    end_s: float

    def ask(self, query: Asked, values: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the series of a query; an instant one has one sample each."""
        expr = fill(query.expr, values)
        if query.is_instant:
            return self.api.instant(expr, self.end_s)
        n_steps = (self.end_s - self.start_s) // STEP_S
        return self.api.over(expr, self.end_s - n_steps * STEP_S, self.end_s, STEP_S)  # the newest value is among them


def options(source: Source, uid: str, selected: Mapping[str, str] = NOTHING) -> dict[str, list[str]]:
    """Return the values that each variable of a dashboard offers, in order; a selection narrows later variables."""
    offered: dict[str, list[str]] = {}
    chosen: dict[str, str] = {}
    for variable in variables(BOARDS[uid]):
        offered[variable["name"]] = _offered(source, variable, fill(variable["query"], chosen))
        chosen[variable["name"]] = _choice(variable, offered[variable["name"]], selected)
    return offered


def choices(source: Source, uid: str, selected: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Return the value of each variable in a query; those that are not selected have the value of a fresh page."""
    offered = options(source, uid, selected)
    return {one["name"]: _choice(one, offered[one["name"]], selected) for one in variables(BOARDS[uid])}


def find_problems(source: Source, uid: str, selected: Mapping[str, str] = NOTHING) -> Iterator[str]:
    """Yield the problems of a dashboard: queries that are rejected, empty, or without a label that the legend shows.

    Args:
        source: The Prometheus that is queried.
        uid: The dashboard.
        selected: Values that a person has selected, by variable.
    """
    offered, values = options(source, uid, selected), choices(source, uid, selected)
    yield from (f"{uid}: variable {name} offers nothing" for name, found in offered.items() if not found)
    queries = [query for query in asked() if query.board == uid]
    queries += [
        Asked(uid, name, expr, "", is_instant=False, repeat="") for board, name, expr in marks() if board == uid
    ]
    for query in queries:
        problems = [list(_problems_of(source, query, values | chosen)) for chosen in _repeated(query, offered)]
        if all(problems):  # a repeated panel may be empty for some values, not for all
            yield from (problems or [[f"{query}: nothing to repeat it for"]])[0]


def series_of(
    source: Source, uid: str, title: str, values: Mapping[str, str], legend: str | None = None
) -> list[dict[str, Any]]:
    """Return the series of a panel, query by query: of all queries, or of the one with this legend."""
    queries = [query for query in asked() if (query.board, query.panel) == (uid, title)]
    queries = [query for query in queries if legend in (None, query.legend)]
    assert queries, (title, legend)
    return [series for query in queries for series in source.ask(query, values)]


def newest_of(series: dict[str, Any]) -> float:
    """Return the newest value of a series."""
    return float((series["values"][-1] if "values" in series else series["value"])[1])


def escaped(value: str) -> str:
    """Return a selected value as Grafana writes it between the quotes of a regular expression."""
    return re.escape(value).replace("\\", "\\\\")


def _offered(source: Source, variable: Mapping[str, Any], query: str) -> list[str]:
    """Return what a variable offers; of a regular expression with a group what stands in the group."""
    pattern = re.compile(variable.get("regex", "").strip("/") or ".*")
    if asks := LABEL_VALUES.fullmatch(query):
        found = source.api.label_values(asks["selector"], asks["label"], source.start_s, source.end_s)
        return [value for value in found if pattern.fullmatch(value)]
    asks = QUERY_RESULT.fullmatch(query)
    assert asks is not None, query
    series = source.api.instant(asks["expr"], source.end_s)
    written = [", ".join(f'{key}="{value}"' for key, value in one["metric"].items()) for one in series]
    return [match[1] for text in written if (match := pattern.search(f"{{{text}}}"))]


def _problems_of(source: Source, query: Asked, values: Mapping[str, str]) -> Iterator[str]:
    try:
        found = source.ask(query, values)
    except QueryRefusedError as rejected:
        yield f"{query}: {rejected}"
        return
    if not found:
        yield f"{query}: no data with {dict(values)}"
    names = [tuple(series["metric"].get(label) for label in sorted(query.legend_labels)) for series in found]
    if len(set(names)) < len(names) and query.legend and not query.is_table:
        yield f"{query}: {len(names)} series under {len(set(names))} names"
    for series in found:
        if missing := query.legend_labels - series["metric"].keys():
            yield f"{query}: no label {sorted(missing)} in {series['metric']}"


def _repeated(query: Asked, offered: Mapping[str, list[str]]) -> list[dict[str, str]]:
    if not query.repeat:
        return [{}]
    return [{query.repeat: escaped(value)} for value in offered[query.repeat]]


def _choice(variable: Mapping[str, Any], offered: list[str], selected: Mapping[str, str]) -> str:
    if variable["name"] in selected:
        assert selected[variable["name"]] in offered, (selected, offered)
        return escaped(selected[variable["name"]])
    if not offered:
        return "nothing-is-offered"
    if not variable.get("includeAll"):
        return escaped(offered[0])
    return str(variable.get("allValue") or f"({'|'.join(map(escaped, offered))})")
