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
    steps = {one["id"]: one["options"] for one in panel["transformations"]}
    organize = steps["organize"]
    present = {name for row in rows for name in row}
    ordered = sorted(present, key=lambda name: organize.get("indexByName", {}).get(name, 99))
    renamed = {name: organize["renameByName"].get(name, name) for name in ordered}
    table = Table([field_of(panel, title, {}, place) for place, title in enumerate(renamed.values())])
    table.rows = [{renamed[name]: value for name, value in row.items()} for row in rows]
    sorts = [(one["displayName"], one.get("desc", False)) for one in panel["options"].get("sortBy", [])]
    sorts += [(one["field"], one.get("desc", False)) for one in steps.get("sortBy", {}).get("sort", [])]
    for name, is_down in reversed(sorts):
        table.rows.sort(key=lambda row, of=name: _order(row.get(of)), reverse=is_down)
        if not is_down:  # empty cells are last
            table.rows.sort(key=lambda row, of=name: row.get(of) is None)
    return table


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
