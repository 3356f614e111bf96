"""An independent counter: what should have been counted, from the raw log alone.

Written from the documentation with plain JSON and dictionaries; it imports nothing of the product, not even the
policy, which it reads as TOML. It knows flat records only.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

Cell = tuple[str, ...]  # labels in the order of the policy: attributes, segment, decision


Model = dict[str, Any]  # of a policy, as TOML has it


class InForce(NamedTuple):
    """Under which policy a partition is counted from an offset of one of its logs on."""

    log_number: int
    since_offset: int
    model: Model


class Record(NamedTuple):
    offset: int
    timestamp_ms: int
    value: bytes | None


@dataclass
class Recount:
    """One source partition: counts by pane and cell, and the disposition of each offset.

    A topic that was created again has a new log. The logs are numbered on as if they were one: the offsets of each
    begin where those of the one before it ended.
    """

    panes: dict[int, dict[Cell, list[int]]] = field(default_factory=dict)
    counted: dict[int, tuple[int, Cell]] = field(default_factory=dict)  # offset -> start of its pane, cell
    rejected: list[int] = field(default_factory=list)
    late: dict[int, int] = field(default_factory=dict)  # offset -> start of its pane
    duplicates: list[int] = field(default_factory=list)
    tombstones: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # of each log, in these offsets

    @property
    def end(self) -> int:
        """The offset after the last record."""
        dispositions = (self.counted, self.rejected, self.late, self.duplicates, self.tombstones)
        return 1 + max((offset for disposition in dispositions for offset in disposition), default=-1)

    def in_topic(self, offset: int) -> int:
        """Return the offset that the topic had."""
        return self.place(offset)[1]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the number of the log, and the offset in it."""
        log_number = bisect_right(self.starts, offset) - 1
        return log_number, offset - self.starts[log_number]


def recount(log: Iterable[Record], model: dict[str, Any]) -> Recount:
    return recount_logs([log], model)


def recount_logs(logs: Iterable[Iterable[Record]], model: dict[str, Any], in_force: Iterable[InForce] = ()) -> Recount:
    """Count one log after the other; event time and the ids of the last events are those of the log before.

    Args:
        logs: The logs.
        model: The first policy.
        in_force: The policies after it, which only list more labels.
    """
    following = list(in_force)
    time, block_size = model["event_time"], -(-model.get("deduplication_window", 200_000) // 2)
    pane_s, lag_s = time.get("pane_s", 10), time.get("out_of_orderness_s", 5)
    first_seen: dict[str, int] = {}  # event id -> block of offsets in which it was accepted
    highest_s: int | None = None
    cells: dict[Cell, Cell] = {}  # one object for all events of a cell
    counts = Recount()
    for start, log_offset, timestamp_ms, value in _numbered_on(logs, counts, first_seen):
        offset = start + log_offset
        if value is None:
            counts.tombstones.append(offset)
            continue
        event = _read(value, model)
        moment_s = datetime.fromisoformat(event[time["path"]]).timestamp() if event else 0.0
        if event is None or not _is_believable(moment_s, timestamp_ms / 1000, time):
            counts.rejected.append(offset)
            continue
        case, block = event[model["event_id"]["path"]].strip(), log_offset // block_size
        if case in first_seen and block - first_seen[case] <= 2:
            counts.duplicates.append(offset)  # the same record again: none with another decision is sent
            continue
        first_seen[case] = block
        time_s = int(moment_s // 1)
        known_s = min(time_s, timestamp_ms // 1000)  # a clock that is ahead closes nothing
        highest_s = known_s if highest_s is None else max(highest_s, known_s)
        pane = time_s // pane_s
        if pane < (highest_s - lag_s) // pane_s:
            counts.late[offset] = pane * pane_s
            continue
        while following and following[0][:2] <= (len(counts.starts) - 1, log_offset):
            model = following.pop(0).model
        cell = _cell(event, model)
        counts.counted[offset] = (pane * pane_s, cells.setdefault(cell, cell))
        _add(counts.panes.setdefault(pane * pane_s, {}), cell, event, model)
    return counts


def _numbered_on(
    logs: Iterable[Iterable[Record]], counts: Recount, first_seen: dict[str, int]
) -> Iterator[tuple[int, int, int, bytes | None]]:
    """Yield where each log starts, and its records.

    At a new log the block of offsets that was open and the one before it count as the block before its first.
    """
    start = 0
    for log in logs:
        counts.starts.append(start)
        newest = max(first_seen.values(), default=0)
        first_seen.update({case: -max(1, newest - block) for case, block in first_seen.items()})
        n = 0
        for record in log:
            yield start, *record
            n = record.offset + 1
        start += n


def _cell(event: dict[str, Any], model: dict[str, Any]) -> Cell:
    spread = [(attribute["path"], attribute["groups"]) for attribute in model["attributes"]]
    spread += [(model["segment"]["path"], model["segment"]["values"])] if "segment" in model else []
    is_favorable = event[model["decision"]["path"]] == model["decision"]["favorable"]
    return (
        *(label_of(event[path], known) for path, known in spread),
        "favorable" if is_favorable else "unfavorable",
    )


def _add(pane: dict[Cell, list[int]], cell: Cell, event: dict[str, Any], model: dict[str, Any]) -> None:
    features = model.get("features", [])
    vector = pane.setdefault(cell, [0] * (1 + 3 * len(features)))
    vector[0] += 1
    for number, feature in enumerate(features):
        fixed = round(event[feature["path"]] * feature.get("scale", 1))
        for place, amount in enumerate((1, fixed, fixed * fixed), start=1 + 3 * number):
            vector[place] += amount


def label_of(value: str | None, known: list[str]) -> str:
    if value is None:
        return "unknown"
    return next((label for label in known if label.casefold() == value.strip().casefold()), "__other__")


def _is_believable(moment_s: float, broker_s: float, time: dict[str, Any]) -> bool:
    oldest_s, newest_s = broker_s - time.get("max_age_s", 400 * 86_400), broker_s + time.get("max_future_s", 300)
    return bool(oldest_s <= moment_s <= newest_s)


def _read(value: bytes, model: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event, None when the policy does not allow it."""
    try:
        event = json.loads(value, object_pairs_hook=_once, parse_constant=float)
    except ValueError:
        return None
    identifiers = [model["event_id"]["path"], *(i["path"] for i in model.get("identifiers", []))]
    groups = [a["path"] for a in model["attributes"]] + ([model["segment"]["path"]] if "segment" in model else [])
    numbers = {feature["path"]: feature for feature in model.get("features", [])}
    versions = [model["model_version"]] if "model_version" in model else []
    required = {*identifiers, model["event_time"]["path"], model["decision"]["path"], *groups, *numbers}
    allowed = required | {*versions, *model.get("keep", [])}
    if not isinstance(event, dict) or not required <= event.keys() <= allowed:
        return None
    is_typed = (
        all(isinstance(event[path], str) and event[path].strip() for path in identifiers)
        and isinstance(event[model["event_time"]["path"]], str)
        and isinstance(event[model["decision"]["path"]], bool)
        and all(event[path] is None or isinstance(event[path], str) for path in groups)
        and all(type(event.get(path)) in {type(None), str, int} for path in versions)
        and all(
            isinstance(event[path], int | float)
            and not isinstance(event[path], bool)
            and feature["minimum"] <= event[path] <= feature["maximum"]
            for path, feature in numbers.items()
        )
    )
    return event if is_typed else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def sum_windows(recounts: Iterable[Recount], model: dict[str, Any]) -> dict[tuple[str, int], dict[Cell, int]]:
    """Return decisions by cell of every tumbling window that has any; (window, start), and ("total", 0)."""
    sizes = {window["name"]: window["size_s"] for window in model["windows"]}
    windows: dict[tuple[str, int], dict[Cell, int]] = {}
    for counts in recounts:
        for start_s, cells in counts.panes.items():
            keys = [(name, start_s // size_s * size_s) for name, size_s in sizes.items()] + [("total", 0)]
            for key in keys:
                window = windows.setdefault(key, {})
                for cell, vector in cells.items():
                    window[cell] = window.get(cell, 0) + vector[0]
    return windows


def count_window(
    recounts: Mapping[int, Recount], offsets: Mapping[int, int], start_s: int, end_s: int
) -> dict[Cell, int]:
    """Return decisions by cell of one interval of event time, of the records below the given offsets.

    What becomes of a record depends on the records before it alone, so a part of the log needs no separate recount.
    """
    cells: dict[Cell, int] = {}
    for partition, counts in recounts.items():
        for offset, (pane_s, cell) in counts.counted.items():
            if offset < offsets.get(partition, 0) and start_s <= pane_s < end_s:
                cells[cell] = cells.get(cell, 0) + 1
    return cells


def by_group(cells: dict[Cell, int], *positions: int) -> dict[str, tuple[int, int]]:
    """Return (decisions, favorable ones) of each group of one attribute, or of each cross of several."""
    groups: dict[str, tuple[int, int]] = {}
    for cell, n in cells.items():
        group = " & ".join(cell[position] for position in positions)
        seen, favorable = groups.get(group, (0, 0))
        groups[group] = (seen + n, favorable + (n if cell[-1] == "favorable" else 0))
    return groups
