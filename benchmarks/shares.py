"""What parts of ingest cost, printed by ``python -m benchmarks compare``: pseudonyms, and anomaly tags.

In one process and without a broker: the step of a lane is fed with simulated loans in batches, and then the part alone
does the same work on the same values, in turn. The share that has a goal is that of the CPU time of a whole worker of
the comparison, which also fetches, compresses and commits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

import msgspec
import numpy as np

from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.anomalies.fitting import fit_forest
from stream_app.errors import DependencyMissingError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.admission import pseudonymizer_of
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.ingest.tags.forest import Forest
from stream_app.pipeline.ingest.tags.sample import sample_numbers
from stream_app.pipeline.topology import Topology
from stream_app.policy import Anomalies, ModelPolicy, load_policy

MAX_PSEUDONYM_SHARE = 0.25
_N_BATCH = 1000
_START_MS = 1_795_449_600_000
_KEYS = (RootKey("abcdefgh", 0, b"k" * 32),)
_N_TREES = 50


@dataclass(frozen=True)
class Shares:
    """CPU time per event in microseconds, of several rounds.

    Attributes:
        ingest: Of the step of a lane.
        pseudonyms: Of the pseudonyms of two identifiers alone.
        tagging: Of the same step with anomaly tags; empty where the extra ``ml`` is not installed.
    """

    ingest: tuple[float, ...]
    pseudonyms: tuple[float, ...]
    tagging: tuple[float, ...]

    def lines(self, worker: Sequence[float]) -> list[str]:
        """Return what is printed.

        Args:
            worker: CPU time per event of a whole worker that ingests the same stream, in microseconds; may be empty.

        >>> for line in Shares((6.0, 8.0), (1.2, 1.4), (8.0, 10.0)).lines([8.0, 9.0, 10.0]):
        ...     print(line)
        OK: pseudonyms take 14 % of ingest's CPU (1.30 of 9.00 us per event, goal: below 25 %)
        They take 19 % of the step alone (7.00 us, without fetching and commits)
        Anomaly tags with 50 trees add 2.00 us per event
        """
        lines, part, step = [], median(self.pseudonyms), median(self.ingest)
        if worker:
            share = part / median(worker)
            word = "OK" if share < MAX_PSEUDONYM_SHARE else "TOO SLOW"
            goal = f"goal: below {100 * MAX_PSEUDONYM_SHARE:.0f} %"
            cost = f"{part:.2f} of {median(worker):.2f} us per event"
            lines.append(f"{word}: pseudonyms take {100 * share:.0f} % of ingest's CPU ({cost}, {goal})")
        lines.append(
            f"They take {100 * part / step:.0f} % of the step alone ({step:.2f} us, without fetching and commits)"
        )
        if self.tagging:
            added = median(more - plain for more, plain in zip(self.tagging, self.ingest, strict=True))
            lines.append(f"Anomaly tags with {_N_TREES} trees add {added:.2f} us per event")
        return lines


def measure_shares(n_events: int, rounds: int) -> Shares:
    """Time the step of a lane and its parts over the same simulated loans, in turn."""
    model = load_policy("loans").models[0]
    batches = _batches(model, n_events)
    tagged, forest = _with_tags(model, batches)
    ingest, pseudonyms, tagging = [], [], []
    for _ in range(rounds):
        ingest.append(_time(lambda: _ingest(model, batches), n_events))
        values = _values(model, batches)
        pseudonyms.append(_time(lambda values=values: _pseudonyms(model, values), n_events))  # type: ignore[misc]
        if forest is not None:
            tagging.append(_time(lambda: _ingest(tagged, batches, forest), n_events))
    return Shares(tuple(ingest), tuple(pseudonyms), tuple(tagging))


def _batches(model: ModelPolicy, n_events: int) -> list[Batch]:
    events = iter(simulate_loans(1, Timeline(_START_MS, 0.01), DriftSchedule()))
    batches = []
    for first in range(0, n_events, _N_BATCH):
        part = list(islice(events, min(_N_BATCH, n_events - first)))
        last = first + len(part)
        times_ms = np.array([event.time_ms for event in part], np.int64)
        values: list[bytes | None] = [event.value for event in part]
        batches.append(Batch(model.topic, 0, first, last, np.arange(first, last), values, times_ms))
    return batches


def _ingest(model: ModelPolicy, batches: Iterable[Batch], forest: Forest | None = None) -> None:
    step = IngestStep(model, _KEYS, 0, Topology(), scorer=forest)
    step.restore({}, 0)
    for batch in batches:
        for outputs in step.step(batch):
            list(outputs.values)
    step.flush(0.0, is_caught_up=True)


Values = list[tuple[list[list[bytes]], np.ndarray[tuple[int], np.dtype[np.int64]]]]


def _values(model: ModelPolicy, batches: Iterable[Batch]) -> Values:
    reader = RecordReader(model)
    read = [reader.read(batch) for batch in batches]
    return [
        ([part.identifier_values(number) for number in range(len(model.all_identifiers))], part.times_s)
        for part in read
    ]


def _pseudonyms(model: ModelPolicy, values: Values) -> None:
    hashings = [pseudonymizer_of(identifier, _KEYS) for identifier in model.all_identifiers]
    for columns, times_s in values:
        for hashing, column in zip(hashings, columns, strict=True):
            hashing.pseudonyms_of(hashing.hashes_at(column, times_s))


def _with_tags(model: ModelPolicy, batches: list[Batch]) -> tuple[ModelPolicy, Forest | None]:
    names = tuple(feature.name for feature in model.features)
    anomalies = Anomalies(features=names, reference="none", digest="0" * 64)
    tagged = msgspec.structs.replace(model, anomalies=anomalies)
    try:
        return tagged, fit_forest(sample_numbers(model, names, batches[:5]), n_trees=_N_TREES, seed=1).forest
    except DependencyMissingError:
        return tagged, None


def _time(work: Callable[[], None], n_events: int) -> float:
    """Return the CPU time per event in microseconds."""
    started_s = time.process_time()
    work()
    return (time.process_time() - started_s) / n_events * 1e6
