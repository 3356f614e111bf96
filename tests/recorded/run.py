"""Build the steps of the pipeline, feed them, and decode what they write.

Only this module, ``streams``, ``replays`` and ``shown`` use names of the product and change when it is refactored. The
other modules of this package use plain data only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from stream_app.core.join.join_records import decode_rows
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.partials import decode_partial, encode_partial
from stream_app.pipeline.contract import Batch, Outputs
from stream_app.pipeline.ingest.outcome_step import OutcomeIngestStep
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, Policy, parse_policy, read_policy_text
from stream_app.topics import (
    CAMERA_AGGREGATES,
    DEAD_LETTERS,
    FAIRNESS_JOURNAL,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
    LATE_DECISIONS,
    outcome_join_topic,
)
from tests.recorded.plain import Record, WrittenRecord, fields, plain

APP_ID = "recorded"
KEYS = (RootKey("earliera", 0, b"e" * 32), RootKey("laterkea", 1_790_002_770, b"l" * 32))
N_PARTITIONS = {"loans": 4, "credit": 2, "camera": 2, "grants": 2}
N_PARTIALS = 2
N_NOTICES = 2
PARTIALS = FAIRNESS_PARTIALS
_SHARED = dict.fromkeys((FAIRNESS_PARTIALS, FAIRNESS_RESULTS, CAMERA_AGGREGATES), N_PARTIALS)
_SHARED |= dict.fromkeys((DEAD_LETTERS, LATE_DECISIONS), N_NOTICES)
_COLUMNS = {"cells": "<u4", "scores": "<i4", "times_s": "<u4", "is_favorable": "u1"}  # of the outcome-join topic
_HEADERS = ("meta", "clock")  # entries of a state that start with its version and layout hash


class Role(NamedTuple):
    """A kind of step that reads one topic, with one lane for each partition."""

    name: str
    model: str
    topic: str
    n_partitions: int
    make: Callable[[int], Any]
    is_raw: bool = False
    is_outcome: bool = False
    is_judge: bool = False


def site_policy() -> Policy:
    """Return one policy with all models: the shipped ones and the one in this folder."""
    texts = [read_policy_text(name) for name in ("loans", "credit", "camera")]
    texts.append(Path(__file__).with_name("policy.toml").read_text("utf-8"))
    return parse_policy("schema = 1\n" + "".join(text.replace("schema = 1\n", "", 1) for text in texts))


def roles(policy: Policy) -> list[Role]:
    """Return all roles, in the order of the data flow."""
    decision_roles, outcome_roles, join_roles = [], [], []
    for model in policy.models:
        name, n = model.name, N_PARTITIONS[model.name]
        decision_roles.append(Role("ingest", name, model.topic, n, partial(_ingest, model), is_raw=True))
        if model.outcome is not None:
            make, topic = partial(_outcome_ingest, model), model.outcome.topic
            outcome_roles.append(Role("outcome ingest", name, topic, n, make, is_raw=True, is_outcome=True))
            join_roles.append(Role("outcomes", name, outcome_join_topic(APP_ID, name), n, partial(_outcomes, model)))
    judge = partial(JudgeStep, policy, topology=Topology(_SHARED, APP_ID))
    return [*decision_roles, *outcome_roles, *join_roles, Role("judge", "", PARTIALS, N_PARTIALS, judge, is_judge=True)]


def _topology(model: ModelPolicy) -> Topology:
    sources = [model.topic, outcome_join_topic(APP_ID, model.name)]
    return Topology(_SHARED | dict.fromkeys(sources, N_PARTITIONS[model.name]), APP_ID)


def _ingest(model: ModelPolicy, partition: int) -> IngestStep:
    return IngestStep(model, KEYS, partition, _topology(model))


def _outcome_ingest(model: ModelPolicy, partition: int) -> OutcomeIngestStep:
    return OutcomeIngestStep(model, KEYS, partition, _topology(model))


def _outcomes(model: ModelPolicy, partition: int) -> OutcomeStep:
    return OutcomeStep(model, partition, _topology(model))


def new_step(role: Role, partition: int, state: Mapping[bytes, bytes], next_offset: int) -> Any:
    """Create the step of a lane and restore its state."""
    step = role.make(partition)
    step.restore(dict(state), next_offset)
    return step


def batch_of(topic: str, partition: int, first_offset: int, records: Sequence[Record]) -> Batch:
    """Make a batch of records."""
    offsets, times_ms = (np.array([record[field] for record in records], np.int64) for field in (0, 1))
    values = [record.value for record in records]
    return Batch(topic, partition, first_offset, records[-1].offset + 1, offsets, values, times_ms)


def feed(step: Any, batch: Batch) -> list[WrittenRecord]:
    """Feed a batch to a step, and return the records that it writes."""
    return _written(step.step(batch))


def flush(
    step: Any, now_s: float, *, is_caught_up: bool
) -> tuple[list[WrittenRecord], list[tuple[bytes, bytes | None]]]:
    """End a transaction of a step, and return the records that it writes and the changes of its state."""
    flushed = step.flush(now_s, is_caught_up=is_caught_up)
    return _written(flushed.outputs), flushed.changes


def _written(outputs: Iterable[Outputs]) -> list[WrittenRecord]:
    written = []
    for output in outputs:
        headers = [[] for _ in output.values] if output.headers is None else list(output.headers)
        rows = zip(output.keys, headers, output.values, strict=True)
        written += [WrittenRecord(output.topic, output.partition, key, header, value) for key, header, value in rows]
    return written


def counts(step: Any) -> Any:
    """Return what a step reports to the metrics after a transaction, with lists replaced by their lengths."""
    if not isinstance(step, JudgeStep):
        waiting = {name: getattr(step, name) for name in ("n_waiting", "n_unmatched") if hasattr(step, name)}
        return plain(step.take_report().counts) | waiting
    report = step.take_report()
    models = {}
    for name, model in report.models.items():
        values = fields(model)
        values["journal_entry"] = model.journal_entry is not None
        models[name] = {
            field: len(value) if isinstance(value, list) else plain(value) for field, value in values.items()
        }
    return {"models": models, "n_unknown_model": report.n_unknown_model}


def decoded(topic: str, value: bytes | None) -> Any:
    """Return the value of a record as plain data."""
    if value is None:
        return None
    if topic == FAIRNESS_PARTIALS:
        return plain(decode_partial(value))
    if topic.startswith(outcome_join_topic(APP_ID, "")):
        return _decoded_rows(value)
    return plain(msgspec.msgpack.decode(value)) if topic == FAIRNESS_JOURNAL else msgspec.json.decode(value)


def _decoded_rows(value: bytes) -> Any:
    """Return a record of the outcome-join topic, with columns as lists and tags cut to three bytes."""
    rows = fields(decode_rows(value))
    for name in rows.keys() & _COLUMNS.keys():
        rows[name] = np.frombuffer(rows[name], _COLUMNS[name]).tolist()
    epochs = rows["tags"] if isinstance(rows["tags"], tuple) else (rows["tags"],)
    rows["tags"] = [[tags[start : start + 3].hex() for start in range(0, len(tags), 8)] for tags in epochs]
    return rows


def described_state(step: Any, state: Mapping[bytes, bytes]) -> Any:
    """Return the number of entries of each kind in a restored state, its headers, and the newest results of a judge."""
    n_entries: Counter[str] = Counter()
    description: dict[str, Any] = {"n_entries": n_entries}
    for key, value in state.items():
        names = key.decode().split("|")
        kind = names.pop(1 if isinstance(step, JudgeStep) else 0)
        n_entries[kind] += 1
        if kind in _HEADERS:
            version, layout_hash, *rest = msgspec.msgpack.decode(value)
            header = {"state_version": version, "layout_hash": layout_hash, "rest": rest}
            description.setdefault(kind, {})["|".join(names)] = header
    if isinstance(step, JudgeStep):
        description["newest"] = [
            [result.key, result.revision, result.n, result.state] for result in step.newest_results()
        ]
    return plain(description)


def tampered(name: str, log: list[bytes | None]) -> list[bytes | None]:
    """Return the invalid partials that a faulty or former owner of a lane would append to a log."""
    if name == "tombstone":
        return [None]
    if name == "stale partials":
        return log[len(log) // 2 : len(log) // 2 + 3]
    partials = [decode_partial(value) for value in log[-8:] if value]
    last = max(partials, key=lambda partial: len(partial.panes))
    if name == "unknown model":
        return [encode_partial(msgspec.structs.replace(last, model="nobody", app_id="another"))]
    first_part = msgspec.structs.replace(last, n_parts=2, panes=last.panes[:1])
    if name == "first part only":
        return [encode_partial(first_part)]
    assert name == "two parts"
    return [
        encode_partial(first_part),
        encode_partial(msgspec.structs.replace(last, part=1, n_parts=2, panes=last.panes[1:])),
    ]
