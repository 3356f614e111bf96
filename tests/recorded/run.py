"""The pipeline from outside: builds the steps of a site, feeds them, decodes what they write.

Whatever moves or is renamed in the project is followed here, and in ``streams`` (the simulated input), ``replays`` and
``shown``; the other modules of this package see plain data only.
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
from tests.recorded.plain import Record, Written, fields, plain

APP_ID = "recorded"
KEYS = (RootKey("earliera", 0, b"e" * 32), RootKey("laterkea", 1_790_002_770, b"l" * 32))
N_PARTITIONS = {"loans": 4, "credit": 2, "camera": 2, "grants": 2}
N_PARTIALS = 2
N_NOTICES = 2
PARTIALS = FAIRNESS_PARTIALS
_SHARED = dict.fromkeys((FAIRNESS_PARTIALS, FAIRNESS_RESULTS, CAMERA_AGGREGATES), N_PARTIALS)
_SHARED |= dict.fromkeys((DEAD_LETTERS, LATE_DECISIONS), N_NOTICES)
_COLUMNS = {"cells": "<u4", "scores": "<i4", "times_s": "<u4", "is_favorable": "u1"}  # of the labels log
_HEADS = ("meta", "clock")  # entries of a state that begin with its version and the hash of the layout


class Role(NamedTuple):
    """What reads one topic: a lane for each of its partitions."""

    name: str
    model: str
    topic: str
    n_partitions: int
    make: Callable[[int], Any]
    is_raw: bool = False
    is_of_outcomes: bool = False
    is_judge: bool = False


def site_policy() -> Policy:
    """Return all models as one policy: the shipped ones and that of this folder."""
    texts = [read_policy_text(name) for name in ("loans", "credit", "camera")]
    texts.append(Path(__file__).with_name("policy.toml").read_text("utf-8"))
    return parse_policy("schema = 1\n" + "".join(text.replace("schema = 1\n", "", 1) for text in texts))


def roles(policy: Policy) -> list[Role]:
    """Return every role in the order in which data flows."""
    raw, of_outcomes, joins = [], [], []
    for model in policy.models:
        name, n = model.name, N_PARTITIONS[model.name]
        raw.append(Role("ingest", name, model.topic, n, partial(_ingest, model), is_raw=True))
        if model.outcome is not None:
            make, topic = partial(_outcome_ingest, model), model.outcome.topic
            of_outcomes.append(Role("outcome ingest", name, topic, n, make, is_raw=True, is_of_outcomes=True))
            joins.append(Role("outcomes", name, outcome_join_topic(APP_ID, name), n, partial(_outcomes, model)))
    judge = partial(JudgeStep, policy, topology=Topology(_SHARED, APP_ID))
    return [*raw, *of_outcomes, *joins, Role("judge", "", PARTIALS, N_PARTIALS, judge, is_judge=True)]


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
    """Make the step of a lane from its state."""
    step = role.make(partition)
    step.restore(dict(state), next_offset)
    return step


def batch_of(topic: str, partition: int, first_offset: int, records: Sequence[Record]) -> Batch:
    """Put records into a run."""
    offsets, times_ms = (np.array([own[place] for own in records], np.int64) for place in (0, 1))
    values = [own.value for own in records]
    return Batch(topic, partition, first_offset, records[-1].offset + 1, offsets, values, times_ms)


def feed(step: Any, batch: Batch) -> list[Written]:
    """Let a step read a run; return what it writes."""
    return _written(step.step(batch))


def flush(step: Any, now_s: float, *, is_caught_up: bool) -> tuple[list[Written], list[tuple[bytes, bytes | None]]]:
    """End a transaction of a step; return what it writes, and the changes of its state."""
    flushed = step.flush(now_s, is_caught_up=is_caught_up)
    return _written(flushed.outputs), flushed.changes


def _written(outputs: Iterable[Outputs]) -> list[Written]:
    written = []
    for own in outputs:
        headers = [[] for _ in own.values] if own.headers is None else list(own.headers)
        rows = zip(own.keys, headers, own.values, strict=True)
        written += [Written(own.topic, own.partition, key, header, value) for key, header, value in rows]
    return written


def counts(step: Any) -> Any:
    """Return what a step tells the metrics after a transaction; of a report's records only how many they are."""
    if not isinstance(step, JudgeStep):
        waiting = {name: getattr(step, name) for name in ("n_waiting", "n_unmatched") if hasattr(step, name)}
        return plain(step.take_report().counts) | waiting
    report = step.take_report()
    told = {}
    for name, model in report.models.items():
        held = fields(model)
        held["journal_entry"] = model.journal_entry is not None
        told[name] = {own: len(value) if isinstance(value, list) else plain(value) for own, value in held.items()}
    return {"models": told, "n_unknown_model": report.n_unknown_model}


def decoded(topic: str, value: bytes | None) -> Any:
    """Return the value of a record as plain data."""
    if value is None:
        return None
    if topic == FAIRNESS_PARTIALS:
        return plain(decode_partial(value))
    if topic.startswith(outcome_join_topic(APP_ID, "")):
        return _labels(value)
    return plain(msgspec.msgpack.decode(value)) if topic == FAIRNESS_JOURNAL else msgspec.json.decode(value)


def _labels(value: bytes) -> Any:
    """Return a record of the log in which decisions and outcomes meet, its columns as lists; of a tag three bytes."""
    found = fields(decode_rows(value))
    for name in found.keys() & _COLUMNS.keys():
        found[name] = np.frombuffer(found[name], _COLUMNS[name]).tolist()
    epochs = found["tags"] if isinstance(found["tags"], tuple) else (found["tags"],)
    found["tags"] = [[tags[at : at + 3].hex() for at in range(0, len(tags), 8)] for tags in epochs]
    return found


def described_state(step: Any, state: Mapping[bytes, bytes]) -> Any:
    """Return how many entries of each kind a restored state has, its heads, and which windows a judge shows anew."""
    n_entries: Counter[str] = Counter()
    found: dict[str, Any] = {"n_entries": n_entries}
    for key, value in state.items():
        names = key.decode().split("|")
        kind = names.pop(1 if isinstance(step, JudgeStep) else 0)
        n_entries[kind] += 1
        if kind in _HEADS:
            version, layout_hash, *rest = msgspec.msgpack.decode(value)
            head = {"state_version": version, "layout_hash": layout_hash, "rest": rest}
            found.setdefault(kind, {})["|".join(names)] = head
    if isinstance(step, JudgeStep):
        found["newest"] = [[own.key, own.revision, own.n, own.state] for own in step.newest_results()]
    return plain(found)


def tampered(name: str, log: list[bytes | None]) -> list[bytes | None]:
    """Return what a broken or former owner would write behind a log of partials."""
    if name == "tombstone":
        return [None]
    if name == "old news":
        return log[len(log) // 2 : len(log) // 2 + 3]
    told = [(value, decode_partial(value)) for value in log[-8:] if value]
    _, last = max(told, key=lambda own: len(own[1].panes))
    if name == "unknown model":
        return [encode_partial(msgspec.structs.replace(last, model="nobody"))]
    head = msgspec.structs.replace(last, n_parts=2, panes=last.panes[:1])
    if name == "first part only":
        return [encode_partial(head)]
    assert name == "cut in two"
    return [
        encode_partial(head),
        encode_partial(msgspec.structs.replace(last, part=1, n_parts=2, panes=last.panes[1:])),
    ]
