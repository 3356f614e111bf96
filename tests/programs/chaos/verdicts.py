"""The results against the recount: every window and revision once, with the right counts, rates, gaps and broken rules.

Intersections too. What the sequential tests say is not recounted here: a replay recomputes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from tests.programs.chaos.findings import Finding, compare_once, compare_values
from tests.programs.chaos.recount import Cell, Model, Recount, by_group, count_window, sum_windows

WindowKey = tuple[str, int]  # name and start

_MIN_N = 30  # the default of a policy


def audit_results(
    recounts: Mapping[int, Recount],
    results: list[dict[str, Any]],
    model: Model,
    models: Mapping[str, Model],
) -> list[Finding]:
    """Every window of every attribute: its revisions once each, its last one and the last totals right."""
    windows = begun(sum_windows(recounts.values(), model), results, models.values())
    names = _names(model)
    closed = [result for result in results if result["window"] != "total"]
    keys = [(r["attribute"], r["window"], r["start_s"], r["revision"]) for r in closed]
    newest: dict[tuple[str, str, int], dict[str, Any]] = {}
    for result in results:
        start_s = 0 if result["window"] == "total" else result["start_s"]
        newest[result["attribute"], result["window"], start_s] = result
    wanted = [
        (name, window, start_s)
        for window, start_s in windows
        for name in names
        if window != "total" or "+" not in name  # running totals are reported for single attributes
    ]
    revisions = [(*key, revision) for key in wanted if key[1] != "total" for revision in range(_last(newest, key) + 1)]

    def policy_of(result: dict[str, Any] | None) -> Model:
        return model if result is None else models.get(result["policy_hash"], model)

    return [
        compare_once("windows and revisions", revisions, keys),
        compare_values(
            "groups of windows",
            {
                (*key, group): counts
                for key in wanted
                for group, counts in _groups(windows[key[1:]], key[0], policy_of(newest.get(key))).items()
            },
            {(*key, g["group"]): _told(g) for key, r in newest.items() for g in _listed(r)},
        ),
        _audit_offsets(results, max((len(counts.starts) for counts in recounts.values()), default=1)),
    ]


def audit_every_result(
    recounts: Mapping[int, Recount], results: Iterable[dict[str, Any]], model: dict[str, Any]
) -> Finding:
    """Every result that was ever written, against the part of the raw log that its offsets name."""
    expected: dict[Any, Any] = {}
    found: dict[Any, Any] = {}
    for number, result in enumerate(results):
        (offsets,) = result["offsets"].values()
        below = {int(partition): offset for partition, offset in offsets.items()}
        cells = count_window(recounts, below, result["start_s"], result["end_s"])
        key = (number, result["attribute"], result["window"], result["end_s"])
        expected |= {(*key, group): values for group, values in _groups(cells, result["attribute"], model).items()}
        found |= {(*key, group["group"]): _told(group) for group in _listed(result)}
    return compare_values("results by their offsets", expected, found)


def begun(
    windows: Mapping[WindowKey, dict[Cell, int]], results: Iterable[dict[str, Any]], models: Iterable[Model]
) -> dict[WindowKey, dict[Cell, int]]:
    """Return the windows that are to be published; a size that a later policy has added begins with its first one."""
    sizes = [{window["name"] for window in model["windows"]} for model in models]
    always = {"total"}.union(set.intersection(*sizes) if sizes else ())
    first: dict[str, int] = {}
    for result in results:
        first[result["window"]] = min(first.get(result["window"], result["start_s"]), result["start_s"])
    return {
        (name, start_s): cells
        for (name, start_s), cells in windows.items()
        if not sizes or name in always or start_s >= first.get(name, 0)
    }


def _last(newest: Mapping[tuple[str, str, int], dict[str, Any]], key: tuple[str, str, int]) -> int:
    return int(newest[key]["revision"]) if key in newest else 0


def _names(model: dict[str, Any]) -> list[str]:
    """Return the attributes, and their crosses of two and three."""
    names = [attribute["name"] for attribute in model["attributes"]]
    return ["+".join(chosen) for depth in (1, 2, 3) for chosen in combinations(names, depth)]


def _listed(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the groups of a result that a recount can know: not an empty cross that is listed for its breach."""
    is_crossed = "+" in result["attribute"]
    return [g for g in result["groups"] if g["n"] or not is_crossed or g["group"] == result["reference"]]


def _groups(cells: dict[Cell, int], name: str, model: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return n, favorable, rate, ratio, gap and broken rules of each group, by the definitions and default rules."""
    chosen = [
        (position, attribute)
        for wanted in name.split("+")
        for position, attribute in enumerate(model["attributes"])
        if attribute["name"] == wanted
    ]
    reference = " & ".join(attribute["reference"] for _, attribute in chosen)
    declared = {" & ".join(labels) for labels in product(*(attribute["groups"] for _, attribute in chosen))}
    counts = dict.fromkeys(declared if len(chosen) == 1 else [reference], (0, 0))
    counts |= by_group(cells, *(position for position, _ in chosen))
    n_reference, k_reference = counts[reference]
    values: dict[str, tuple[Any, ...]] = {}
    for group, (n, k) in counts.items():
        rate, reference_rate = _rate(k, n), _rate(k_reference, n_reference)
        gap = ratio = None
        rules: list[str] = []
        if group != reference and rate is not None and reference_rate is not None:
            gap = rate - reference_rate
            ratio = rate / reference_rate if reference_rate else None
            if group in declared and min(n, n_reference) >= _MIN_N:
                rules += ["disparate_impact_undefined"] if ratio is None else []
                rules += ["disparate_impact_ratio"] if ratio is not None and ratio < Fraction(4, 5) else []
                rules += ["gap"] if abs(gap) > Fraction(1, 5) else []
        values[group] = (n, k, *(None if value is None else float(value) for value in (rate, ratio, gap)), tuple(rules))
    return values


def _rate(favorable: int, n: int) -> Fraction | None:
    return Fraction(favorable, n) if n else None


def _told(group: dict[str, Any]) -> tuple[Any, ...]:
    return (
        group["n"],
        group["favorable"],
        group["rate"],
        group["disparate_impact_ratio"],
        group["gap"],
        tuple(group["rules"]),
    )


def _audit_offsets(results: list[dict[str, Any]], n_logs: int) -> Finding:
    """What a result says is counted never goes back from one result to the next, except where a new log begins."""
    last: dict[tuple[str, str], int] = {}
    n_logs_of: Counter[tuple[str, str]] = Counter()
    first, n_wrong = "", 0
    for number, result in enumerate(results):
        for topic, offsets in result["offsets"].items():
            for partition, offset in offsets.items():
                if offset < last.get((topic, partition), 0):
                    n_logs_of[topic, partition] += 1
                if n_logs_of[topic, partition] >= n_logs:
                    n_wrong += 1
                    first = first or f"result {number}: {topic}[{partition}] from {last[topic, partition]} to {offset}"
                last[topic, partition] = offset
    return Finding("offset vectors", len(results), len(results), 0, 0, n_wrong, first)
