"""Everything that was written against what should have been: every count, and every record once."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from stream_app.topics import DEAD_LETTERS, FAIRNESS_PARTIALS, FAIRNESS_RESULTS, LATE_DECISIONS
from tests.programs.chaos.findings import Finding, compare_once, compare_values
from tests.programs.chaos.logs import Partial, read_json, read_partials, read_places
from tests.programs.chaos.recount import Cell, Model, Recount
from tests.programs.chaos.verdicts import audit_results


def audit_everything(
    kafka: str, recounts: Mapping[int, Recount], model: Model, models: Mapping[str, Model] | None = None
) -> list[Finding]:
    """Read every topic back and compare it with the recount of the raw log.

    Args:
        kafka: The broker.
        recounts: What should have been counted, by source partition.
        model: The policy at the end.
        models: Every policy by its hash, where it has changed.
    """
    partials = list(read_partials(kafka, FAIRNESS_PARTIALS, model["name"]))
    results = [result for result in read_json(kafka, FAIRNESS_RESULTS) if result["model"] == model["name"]]
    return [
        audit_cells(recounts, partials, model, models or {}),
        audit_positions(recounts, partials),
        *audit_dispositions(kafka, recounts, model),
        *audit_results(recounts, results, model, models or {}),
    ]


def audit_dispositions(kafka: str, recounts: Mapping[int, Recount], model: dict[str, Any]) -> list[Finding]:
    """Every record is published, rejected or late exactly once, or none of these when it is a duplicate."""
    letters = [n for n in read_json(kafka, DEAD_LETTERS) if n["model"] == model["name"]]
    late = [n for n in read_json(kafka, LATE_DECISIONS) if n["model"] == model["name"]]
    places = read_places(kafka, model["output_topic"])
    return [
        compare_once(
            "per-event outputs",
            ((p, *counts.place(offset)) for p, counts in recounts.items() for offset in counts.counted),
            ((p, *place) for p, own in places.items() for place in own),
        ),
        compare_once(
            "dead letters",
            ((p, counts.in_topic(offset)) for p, counts in recounts.items() for offset in counts.rejected),
            ((letter["partition"], letter["offset"]) for letter in letters),
        ),
        compare_once(
            "late notices",
            (
                (p, counts.in_topic(offset), pane)
                for p, counts in recounts.items()
                for offset, pane in counts.late.items()
            ),
            ((notice["partition"], notice["offset"], notice["pane_start_s"]) for notice in late),
        ),
    ]


def audit_cells(
    recounts: Mapping[int, Recount], partials: Iterable[Partial], model: Model, models: Mapping[str, Model]
) -> Finding:
    """The last word about each pane of each source partition, cell by cell."""
    found: dict[tuple[int, int, Cell], list[int]] = {}
    panes: dict[tuple[int, int], tuple[str, dict[int, list[int]]]] = {}
    for partial in partials:
        panes.update(
            {(partial.partition, start_s): (partial.policy_hash, cells) for start_s, cells in partial.panes.items()}
        )
    labels = {policy_hash: label_lists(models.get(policy_hash, model)) for policy_hash, _ in panes.values()}
    for (partition, start_s), (policy_hash, cells) in panes.items():
        found.update(
            {(partition, start_s, cell_of(code, labels[policy_hash])): vector for code, vector in cells.items()}
        )
    expected = {
        (partition, start_s, cell): vector
        for partition, counts in recounts.items()
        for start_s, cells in counts.panes.items()
        for cell, vector in cells.items()
    }
    return compare_values("cells of panes", expected, found)


def audit_positions(recounts: Mapping[int, Recount], partials: Iterable[Partial]) -> Finding:
    """Every flush contains exactly the events below its position; positions never go back and end with the source."""
    counted = {partition: sorted(counts.counted) for partition, counts in recounts.items()}
    totals: dict[int, dict[int, int]] = {partition: {} for partition in recounts}
    n_so_far, last = Counter[int](), dict.fromkeys(recounts, 0)
    n_flushes, wrong = 0, []
    for partition, offset, _, panes, log_number, *_ in partials:
        next_offset = recounts[partition].starts[log_number] + offset
        n_flushes += 1
        for start_s, cells in panes.items():
            n = sum(vector[0] for vector in cells.values())
            n_so_far[partition] += n - totals[partition].get(start_s, 0)
            totals[partition][start_s] = n
        n_below = bisect_left(counted[partition], next_offset)
        if next_offset < last[partition] or n_so_far[partition] != n_below:
            wrong.append(f"[{partition}] {last[partition]} -> {next_offset}: {n_so_far[partition]} of {n_below} events")
        last[partition] = next_offset
    ended = compare_values("ends of lanes", {p: counts.end for p, counts in recounts.items()}, last)
    first = ended.first or next(iter(wrong), "")
    return Finding("positions of flushes", n_flushes, n_flushes, 0, ended.n_missing, ended.n_wrong + len(wrong), first)


def label_lists(model: dict[str, Any]) -> list[list[str]]:
    """Return the labels of each dimension in the order of the cell code, as the documentation gives it."""
    spread = [attribute["groups"] for attribute in model["attributes"]]
    spread += [model["segment"]["values"]] if "segment" in model else []
    return [*([*labels, "unknown", "__other__"] for labels in spread), ["favorable", "unfavorable"]]


def cell_of(code: int, labels: list[list[str]]) -> Cell:
    """Return the labels of a cell code: a mixed-radix number whose last digit is the decision."""
    cell = []
    for names in reversed(labels):
        code, index = divmod(code, len(names))
        cell.append(names[index])
    return tuple(reversed(cell))
