"""Compares counts and outputs of a run with the reference; figures of a wrong run are not shown."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import Any

import msgspec

from benchmarks.stage.broker import read_messages, read_topic
from benchmarks.stage.stream import Reference, output_digest
from benchmarks.systems.task import PANE_S, Cell, Task
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import decode_partial
from stream_app.edges.kafka.admin import count_existing
from stream_app.pipeline.layout import FAVORABLE, layout_of
from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_PARTIALS

_RAW_ID = re.compile(rb'"[AP]-[0-9]')


class _Output(msgspec.Struct):
    application_id: str
    applicant_id: str
    approved: bool


def reported_cells(rows: Iterable[list[Any]]) -> dict[Cell, int]:
    """Return the counts that a system reported at its end."""
    cells: dict[Cell, int] = {}
    for *labels, n in rows:
        cell: Cell = tuple(labels)
        cells[cell] = cells.get(cell, 0) + n
    return cells


def partial_cells(kafka: str, task: Task) -> dict[Cell, int]:
    """Return FairStream's counts from its partials: the last partial of every source partition for every pane."""
    policy = msgspec.convert(task.policy, Policy)
    [model] = policy.models
    n_partials = count_existing(kafka, [FAIRNESS_PARTIALS])[FAIRNESS_PARTIALS]
    panes: dict[tuple[int, int], Cells] = {}
    for value in read_topic(kafka, FAIRNESS_PARTIALS, n_partials):
        try:
            partial = decode_partial(value)
        except msgspec.MsgspecError:
            continue  # of others: sealed, or damaged on purpose
        if partial.model == model.name:
            for pane in partial.panes:
                panes[partial.partition, pane.start_s] = pane.cells
    layout = layout_of(model)
    cells: dict[Cell, int] = {}
    for (_, start_s), counted in panes.items():
        for code, vector in counted.items():
            gender, race, age, decision = layout.labels_of(code)
            cell = (start_s // PANE_S * PANE_S, decision == FAVORABLE, gender, race, age)
            cells[cell] = cells.get(cell, 0) + vector[0]
    return cells


def changelog_cells(kafka: str, topic: str, n_partitions: int) -> dict[Cell, int]:
    """Return the counts in a changelog topic: the last value of every key ``pane|approved|gender|race|age``."""
    last: dict[tuple[int | None, bytes], bytes | None] = {}
    for message in read_messages(kafka, topic, n_partitions):
        last[message.partition(), message.key() or b""] = message.value()
    cells: dict[Cell, int] = {}
    for (_, key), value in last.items():
        pane_s, approved, gender, race, age = key.decode().split("|")
        cell = (int(pane_s), approved == "true", gender, race, age)
        cells[cell] = cells.get(cell, 0) + (struct.unpack(">q", value)[0] if value else 0)
    return cells


def faults_of(task: Task, output_topic: str, cells: dict[Cell, int], reference: Reference) -> list[str]:
    """Return what is wrong with a run; empty if its counts and outputs are right."""
    faults = []
    if {cell: n for cell, n in cells.items() if n} != reference.cells:
        n_events, expected = sum(cells.values()), sum(reference.cells.values())
        faults.append(
            f"wrong counts: {n_events} events in {len(cells)} cells, not {expected} in {len(reference.cells)}"
        )
    return faults + _output_faults(task, output_topic, reference)


def _output_faults(task: Task, output_topic: str, reference: Reference) -> list[str]:
    decode = msgspec.json.Decoder(_Output).decode
    applications: set[str] = set()
    n_outputs = n_raw = total = 0
    for value in read_topic(task.kafka, output_topic, task.n_partitions):
        event = decode(value)
        n_outputs += 1
        n_raw += _RAW_ID.search(value) is not None
        if event.application_id not in applications:
            applications.add(event.application_id)
            total += output_digest(event.application_id, event.applicant_id, approved=event.approved)
    faults = []
    if n_raw:
        faults.append(f"{n_raw} outputs with a raw identifier")
    if n_outputs != task.n_events or len(applications) != task.n_events:
        faults.append(f"{n_outputs} outputs, {len(applications)} distinct, of {task.n_events} events")
    elif total != reference.outputs_digest:
        faults.append("outputs with unexpected pseudonyms or decisions")
    return faults
