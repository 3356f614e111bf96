"""How long a search takes from raw records to the answer, and beside it a loop over the alternatives in numpy.

Records are made batch by batch in memory; making them is not part of the time. The loop begins with columns that are
decoded already, and does for each alternative what a person would write: decide, then count groups, decisions and
outcomes. Of its alternatives only some are timed, and the time is multiplied.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stream_app.core.alternatives.rules import decide
from stream_app.core.arrays import Floats, Ints
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.search.counting import AlternativeCounts
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.released_cuts import SearchRelease
from stream_app.pipeline.replay.search.request import Claims, list_pairs, list_rules
from stream_app.pipeline.replay.search.rules import parse_cuts
from stream_app.pipeline.replay.search.scores import LoggedScore
from stream_app.pipeline.replay.search.summary import compare_alternatives
from stream_app.pipeline.replay.source_log import SourcePlace
from stream_app.pipeline.replay.sources import RawCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, parse_policy

KEYS = (RootKey("onlykeya", 0, b"k" * 32),)
CUTS = parse_cuts("0.301:0.5:0.001")  # 200: with four segments one at a time, 1,000 alternatives
START_S = 1_790_000_000 // 60 * 60
SEGMENTS = ("auto", "home", "personal", "student")
GROUPS = ("female", "male")
RACES = ("asian", "black", "hispanic", "white")
MODEL = parse_policy("""
schema = 1
[[models]]
name = "credit"
topic = "raw"
event_id = { path = "id", link_domain = "case" }
decision = { path = "approved", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5 }
attributes = [
    { name = "gender", path = "gender", groups = ["female", "male"], reference = "male" },
    { name = "race", path = "race", groups = ["asian", "black", "hispanic", "white"], reference = "white" },
]
segment = { name = "product", path = "product", values = ["auto", "home", "personal", "student"] }
score = { path = "score", minimum = 0, maximum = 1, edges = [0.4] }
[models.outcome]
topic = "outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t", format = "epoch_s" }
is_selective = true
""").models[0]

_BATCH = 5_000
_PER_S = 1_000
_N_LOOPED = 10
_CUT = 0.4


@dataclass
class Columns:
    """The decisions, as a person has them in columns."""

    gender: Ints
    race: Ints
    product: Ints
    score: Floats
    approved: Ints
    repaid: Ints


def columns_of(n: int, seed: int = 1) -> Columns:
    """Return simulated decisions."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(4, 5, n), 6)
    return Columns(
        rng.integers(0, 2, n),
        rng.integers(0, 4, n),
        rng.integers(0, 4, n),
        score,
        (score >= _CUT).astype(np.int64),
        (rng.random(n) < score + 0.3).astype(np.int64),
    )


@dataclass
class GeneratedLog:
    """Raw records in one partition, made when they are read; ``SourceLog``."""

    columns: Columns
    topic: str = "raw"
    making_s: float = 0.0
    begins: dict[int, int] = field(default_factory=lambda: {0: 0})
    ends: dict[int, int] = field(init=False)
    _position: int = 0

    def __post_init__(self) -> None:
        self.ends = {0: len(self.columns.score)}

    @property
    def partitions(self) -> list[int]:
        """The only partition."""
        return [0]

    def offsets_at(self, timestamp_ms: int) -> dict[int, int]:
        """Return the first record: everything is searched."""
        del timestamp_ms
        return {0: 0}

    def seek(self, offsets: Mapping[int, int]) -> None:
        """Continue at an offset."""
        self._position = offsets[0]

    def seek_events(self, places: Mapping[int, SourcePlace]) -> bool:
        """Do nothing: these are raw records."""
        return bool(places)

    def n_left(self) -> int:
        """Return how many records are left."""
        return self.ends[0] - self._position

    def next_batch(self, number: int) -> Batch | None:
        """Return the next records."""
        started_s = time.process_time()
        first, last = self._position, min(self._position + _BATCH, self.ends[0])
        if first == last:
            return None
        self._position = last
        batch = batch_of(self.topic, number, list(self._records(first, last)), first)
        self.making_s += time.process_time() - started_s
        return batch

    def _records(self, first: int, last: int) -> Iterator[bytes]:
        columns, part = self.columns, slice(first, last)
        rows = zip(
            columns.gender[part].tolist(),
            columns.race[part].tolist(),
            columns.product[part].tolist(),
            columns.score[part].tolist(),
            columns.approved[part].tolist(),
            strict=True,
        )
        for number, (gender, race, product, score, approved) in enumerate(rows, first):
            yield (
                f'{{"id":"{number}","t":{START_S + number // _PER_S},"gender":"{GROUPS[gender]}",'
                f'"race":"{RACES[race]}","product":"{SEGMENTS[product]}","score":{score},'
                f'"approved":{"true" if approved else "false"}}}'
            ).encode()


def batch_of(topic: str, partition: int, values: list[bytes], first: int) -> Batch:
    """Return records as they come from a broker."""
    offsets = np.arange(first, first + len(values))
    return Batch(
        topic, partition, first, first + len(values), offsets, list(values), (START_S + offsets // _PER_S) * 1000
    )


def time_search(columns: Columns, model: ModelPolicy = MODEL) -> dict[str, Any]:
    """Return the CPU seconds of a search from raw records to the answer, by part."""
    log = GeneratedLog(columns)
    outcomes, reading_s = _read_outcomes(columns, model)
    counts = AlternativeCounts(
        model, [LoggedScore("score")], CUTS, TimeRange(float("-inf"), float("inf")), outcomes, by_segment=True
    )
    started_s = time.process_time()
    counts.count(
        ModelSources(log, "raw", model, lambda m, groups: RawCounter(m, KEYS, groups, counts.observe), lambda *_: None)
    )
    counted_s = time.process_time()
    rules = list_rules(model, CUTS, 1, by_segment=True)
    comparison = compare_alternatives(
        counts.tables,
        ["score"],
        rules,
        list_pairs(model, None, None),
        Claims(),
        release=SearchRelease(model.privacy.k),
        has_outcomes=True,
        design_effect=1.0,
    )
    compared_s = time.process_time()
    return {
        "n_events": counts.dispositions.n_counted,
        "n_alternatives": len(comparison.alternatives),
        "outcomes_s": reading_s,
        "counting_s": counted_s - started_s - log.making_s,
        "comparing_s": compared_s - counted_s,
        "approved": [alternative.favorable for alternative in comparison.alternatives],
    }


def time_loop(columns: Columns) -> dict[str, Any]:
    """Return the CPU seconds of a loop over the alternatives in numpy, scaled from some of them."""
    rules = list_rules(MODEL, CUTS, 1, by_segment=True)
    chosen = np.linspace(0, len(rules.rules) - 1, _N_LOOPED).astype(int).tolist()
    approved = {}
    outcomes = np.where(columns.approved, 1 + columns.repaid, 0)
    started_s = time.process_time()
    for number in chosen:
        rule = rules.rules[number]
        cuts = [rule.by_segment.get(segment, rule.cut) for segment in SEGMENTS]
        decided = decide(cuts, columns.score, columns.product, columns.approved)
        for groups, n_groups in ((columns.gender, 2), (columns.race, 4)):
            codes = ((groups * 2 + columns.approved) * 2 + decided) * 3 + outcomes
            counts = np.bincount(codes, minlength=n_groups * 12).reshape(n_groups, 2, 2, 3)
        approved[number] = int(counts[:, :, 1].sum())
    taken_s = time.process_time() - started_s
    return {"loop_s": taken_s / len(chosen) * len(rules.rules), "approved": approved}


def _read_outcomes(columns: Columns, model: ModelPolicy) -> tuple[OutcomeLabels, float]:
    outcomes, reading_s = OutcomeLabels(model), 0.0
    approved = np.flatnonzero(columns.approved)
    for part in np.array_split(approved, max(1, len(approved) // _BATCH)):
        values = [
            f'{{"id":"{number}","t":{START_S},"repaid":{"true" if repaid else "false"}}}'.encode()
            for number, repaid in zip(part.tolist(), columns.repaid[part].tolist(), strict=True)
        ]
        batch = batch_of("outcomes", 0, values, 0)
        started_s = time.process_time()
        outcomes.take(batch)
        reading_s += time.process_time() - started_s
    started_s = time.process_time()
    outcomes.finish()
    return outcomes, reading_s + time.process_time() - started_s
