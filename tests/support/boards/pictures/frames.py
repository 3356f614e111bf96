"""The answers of Prometheus as Grafana holds them: series over time, latest values, and joined tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.boards.board_checks import Source
from tests.support.boards.board_queries import Asked
from tests.support.boards.pictures.fields import Field, field_of

Row = dict[str, float | str | None]


@dataclass(frozen=True)
class Drawn:
    """One series of a panel: its field, its labels, and points of time and value."""

    field: Field
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]

    @property
    def newest(self) -> float:
        """Its newest value."""
        return self.points[-1][1]


@dataclass
class Table:
    """A joined table: fields in order, and rows by the name of a field."""

    fields: list[Field] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def series_of(source: Source, panel: Mapping[str, Any], values: Mapping[str, str]) -> list[Drawn]:
    """Return all series of a panel, in the order in which Grafana gives them colors."""
    found = []
    for target in panel["targets"]:
        for one in _ask(source, target, values):
            labels = one["metric"]
            name = re.sub(r"{{(\w+)}}", lambda match, of=labels: of.get(match[1], ""), target.get("legendFormat", ""))
            name = name or ", ".join(labels.values()) or panel["title"]
            points = [(float(at), float(value)) for at, value in one.get("values", [one.get("value")])]
            found.append(Drawn(field_of(panel, name, labels, len(found), target["refId"]), labels, points))
    return found


def table_of(source: Source, panel: Mapping[str, Any], values: Mapping[str, str]) -> Table:
    """Return the table of a panel after its transformations."""
    frames: list[list[Row]] = []
    is_single = len(panel["targets"]) == 1
    for target in panel["targets"]:
        name = "Value" if is_single else f"Value #{target['refId']}"
        answer = _ask(source, target, values)
        frames.append([{**one["metric"], name: float(one["value"][1])} for one in answer])
    rows = _merge([frame for frame in frames if frame])
    for step in panel["transformations"]:
        options = step["options"]
        if step["id"] == "sortBy":
            rows = _sorted(rows, [(one["field"], one.get("desc", False)) for one in options["sort"]])
        if step["id"] == "organize":
            rows = [_organized(row, options) for row in rows]
    rows = _sorted(rows, [(one["displayName"], one.get("desc", False)) for one in panel["options"].get("sortBy", [])])
    organize = next(step["options"] for step in panel["transformations"] if step["id"] == "organize")
    titles = [title for title in _titles(organize) if any(title in row for row in rows)]
    return Table([field_of(panel, title, {}, place) for place, title in enumerate(titles)], rows)


def _titles(organize: Mapping[str, Any]) -> list[str]:
    """Return the headings in order."""
    places = organize.get("indexByName", {})
    return [
        organize["renameByName"][name] for name in sorted(organize["renameByName"], key=lambda one: places.get(one, 99))
    ]


def _organized(row: Row, organize: Mapping[str, Any]) -> Row:
    hidden = organize.get("excludeByName", {})
    return {organize["renameByName"].get(name, name): value for name, value in row.items() if not hidden.get(name)}


def _sorted(rows: list[Row], sorts: Sequence[tuple[str, bool]]) -> list[Row]:
    """Return rows in an order; empty cells are last."""
    for name, is_down in reversed(sorts):
        rows = sorted(rows, key=lambda row, of=name: _order(row.get(of)), reverse=is_down)
        rows = sorted(rows, key=lambda row, of=name: row.get(of) is None)
    return rows


def _order(value: float | str | None) -> tuple[bool, float, str]:
    if isinstance(value, str):
        return True, 0.0, value
    return value is not None, value or 0.0, ""


def _merge(frames: Sequence[list[Row]]) -> list[Row]:
    """Join rows that are equal in what all frames have, and do not contradict each other otherwise."""
    if not frames:
        return []
    common = set.intersection(*(set(frame[0]) for frame in frames))
    merged: list[Row] = []
    for frame in frames:
        for row in frame:
            match = next((one for one in merged if all(one.get(key) == row.get(key) for key in common)), None)
            if match is None or any(match.get(key, value) != value for key, value in row.items()):
                merged.append(dict(row))
            else:
                match |= row
    return merged


def _ask(source: Source, target: Mapping[str, Any], values: Mapping[str, str]) -> list[dict[str, Any]]:
    is_instant = target.get("instant", False)
    return source.ask(Asked("", "", target["expr"], "", is_instant=is_instant, repeat=""), values)
