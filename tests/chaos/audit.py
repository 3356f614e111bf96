"""What was written against what should have been: every count, and every record once."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.chaos.logs import Partial
from tests.chaos.recount import Cell, Recount, by_group, count_window, sum_windows

_MIN_N = 30  # the default of a policy


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        what: What was compared.
        n_expected: How many there should be.
        n_found: How many different ones there are.
        n_repeated: Copies beyond the first.
        n_missing: Expected ones that are not there.
        n_wrong: Those that should not be there, or hold other values.
        first: The first difference in words; empty when there is none.
    """

    what: str
    n_expected: int
    n_found: int
    n_repeated: int = 0
    n_missing: int = 0
    n_wrong: int = 0
    first: str = ""

    @property
    def is_exact(self) -> bool:
        return not (self.n_repeated or self.n_missing or self.n_wrong or self.first)


def compare_once(what: str, expected: Iterable[Any], found: Iterable[Any]) -> Finding:
    """Every expected item exactly once and nothing else."""
    wanted, seen = Counter(expected), Counter(found)
    repeated, missing, wrong = seen - wanted, wanted - seen, [item for item in seen if item not in wanted]
    n_wrong = sum(seen[item] for item in wrong)
    differences = [("missing", missing), ("unexpected", wrong), ("repeated", repeated)]
    first = next((f"{kind}: {min(items)}" for kind, items in differences if items), "")
    return Finding(what, len(wanted), len(seen), repeated.total() - n_wrong, missing.total(), n_wrong, first)


def compare_values(what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Finding:
    """Every expected key with its value and no other key."""
    missing = expected.keys() - found.keys()
    wrong = [key for key in found if key not in expected or found[key] != expected[key]]
    first = ""
    if missing or wrong:
        key = min([*missing, *wrong])
        first = f"{key}: expected {expected.get(key)}, found {found.get(key)}"
    return Finding(what, len(expected), len(found), 0, len(missing), len(wrong), first)


def audit_cells(recounts: Mapping[int, Recount], partials: Iterable[Partial], model: dict[str, Any]) -> Finding:
    """The last word about each pane of each source partition, cell by cell."""
    found: dict[tuple[int, int, Cell], list[int]] = {}
    panes: dict[tuple[int, int], dict[int, list[int]]] = {}
    for partial in partials:
        panes.update({(partial.partition, start_s): cells for start_s, cells in partial.panes.items()})
    labels = label_lists(model)
    for (partition, start_s), cells in panes.items():
        found.update({(partition, start_s, cell_of(code, labels)): vector for code, vector in cells.items()})
    expected = {
        (partition, start_s, cell): vector
        for partition, counts in recounts.items()
        for start_s, cells in counts.panes.items()
        for cell, vector in cells.items()
    }
    return compare_values("cells of panes", expected, found)


def audit_positions(recounts: Mapping[int, Recount], partials: Iterable[Partial], ends: Mapping[int, int]) -> Finding:
    """Every flush holds exactly the events below its position; positions never go back and end as the source does."""
    counted = {partition: sorted(counts.counted) for partition, counts in recounts.items()}
    totals: dict[int, dict[int, int]] = {partition: {} for partition in recounts}
    n_so_far, last = Counter[int](), dict.fromkeys(recounts, 0)
    n_flushes, wrong = 0, []
    for partition, next_offset, _, panes in partials:
        n_flushes += 1
        for start_s, cells in panes.items():
            n = sum(vector[0] for vector in cells.values())
            n_so_far[partition] += n - totals[partition].get(start_s, 0)
            totals[partition][start_s] = n
        n_below = bisect_left(counted[partition], next_offset)
        if next_offset < last[partition] or n_so_far[partition] != n_below:
            wrong.append(f"[{partition}] {last[partition]} -> {next_offset}: {n_so_far[partition]} of {n_below} events")
        last[partition] = next_offset
    ended = compare_values("ends of lanes", ends, last)
    first = ended.first or next(iter(wrong), "")
    return Finding("positions of flushes", n_flushes, n_flushes, 0, ended.n_missing, ended.n_wrong + len(wrong), first)


def audit_results(
    recounts: Mapping[int, Recount], results: list[dict[str, Any]], model: dict[str, Any]
) -> list[Finding]:
    """Every window of every attribute: its revisions once each, its last one and the last totals right."""
    windows = sum_windows(recounts.values(), model)
    names = [attribute["name"] for attribute in model["attributes"]]
    closed = [result for result in results if result["window"] != "total"]
    keys = [(r["attribute"], r["window"], r["start_s"], r["revision"]) for r in closed]
    newest: dict[tuple[str, str, int], dict[str, Any]] = {}
    for result in results:
        start_s = 0 if result["window"] == "total" else result["start_s"]
        newest[result["attribute"], result["window"], start_s] = result
    wanted = [(name, window, start_s) for window, start_s in windows for name in names]
    revisions = [(*key, revision) for key in wanted if key[1] != "total" for revision in range(_last(newest, key) + 1)]
    return [
        compare_once("windows and revisions", revisions, keys),
        compare_values(
            "groups of windows",
            {
                (*key, group): counts
                for key in wanted
                for group, counts in _groups(windows[key[1:]], key[0], model).items()
            },
            {(*key, g["group"]): _told(g) for key, r in newest.items() for g in r["groups"]},
        ),
        _audit_offsets(results),
    ]


def audit_every_result(
    recounts: Mapping[int, Recount], results: Iterable[dict[str, Any]], model: dict[str, Any]
) -> Finding:
    """Every result ever told, against the part of the raw log that its own offsets name."""
    expected: dict[Any, Any] = {}
    found: dict[Any, Any] = {}
    for number, result in enumerate(results):
        (offsets,) = result["offsets"].values()
        below = {int(partition): offset for partition, offset in offsets.items()}
        cells = count_window(recounts, below, result["start_s"], result["end_s"])
        key = (number, result["attribute"], result["window"], result["end_s"])
        expected |= {(*key, group): told for group, told in _groups(cells, result["attribute"], model).items()}
        found |= {(*key, group["group"]): _told(group) for group in result["groups"]}
    return compare_values("results by their own offsets", expected, found)


def label_lists(model: dict[str, Any]) -> list[list[str]]:
    """Return the labels of each dimension in the order of the cell code, as the documentation gives it."""
    spread = [attribute["groups"] for attribute in model["attributes"]]
    spread += [model["segment"]["values"]] if "segment" in model else []
    return [*([*labels, "unknown", "__other__"] for labels in spread), ["favourable", "unfavourable"]]


def cell_of(code: int, labels: list[list[str]]) -> Cell:
    """Return the labels of a cell code: a mixed-radix number whose last digit is the decision."""
    cell = []
    for names in reversed(labels):
        code, index = divmod(code, len(names))
        cell.append(names[index])
    return tuple(reversed(cell))


def _last(newest: Mapping[tuple[str, str, int], dict[str, Any]], key: tuple[str, str, int]) -> int:
    return int(newest[key]["revision"]) if key in newest else 0


def _groups(cells: dict[Cell, int], name: str, model: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return n, favourable, rate, ratio, gap and state of each group, by the definitions and the default rules."""
    position, attribute = next((i, a) for i, a in enumerate(model["attributes"]) if a["name"] == name)
    counts = dict.fromkeys(attribute["groups"], (0, 0)) | by_group(cells, position)
    n_reference, k_reference = counts[attribute["reference"]]
    told: dict[str, tuple[Any, ...]] = {}
    for group, (n, k) in counts.items():
        rate, reference_rate = _rate(k, n), _rate(k_reference, n_reference)
        gap = ratio = state = None
        if group != attribute["reference"] and rate is not None and reference_rate is not None:
            gap = rate - reference_rate
            ratio = rate / reference_rate if reference_rate else None
        if group in attribute["groups"] and group != attribute["reference"]:
            is_broken = gap is not None and (ratio is None or ratio < Fraction(4, 5) or abs(gap) > Fraction(1, 5))
            state = "insufficient" if min(n, n_reference) < _MIN_N else "breach" if is_broken else "ok"
        told[group] = (n, k, *(None if value is None else float(value) for value in (rate, ratio, gap)), state)
    return told


def _rate(favourable: int, n: int) -> Fraction | None:
    return Fraction(favourable, n) if n else None


def _told(group: dict[str, Any]) -> tuple[Any, ...]:
    return (
        group["n"],
        group["favourable"],
        group["rate"],
        group["disparate_impact_ratio"],
        group["gap"],
        group["state"],
    )


def _audit_offsets(results: list[dict[str, Any]]) -> Finding:
    """What a result says is counted never goes back from one result to the next."""
    last: dict[tuple[str, str], int] = {}
    first, n_wrong = "", 0
    for number, result in enumerate(results):
        for topic, offsets in result["offsets"].items():
            for partition, offset in offsets.items():
                if offset < last.get((topic, partition), 0):
                    n_wrong += 1
                    first = first or f"result {number}: {topic}[{partition}] from {last[topic, partition]} to {offset}"
                last[topic, partition] = offset
    return Finding("offset vectors", len(results), len(results), 0, 0, n_wrong, first)
