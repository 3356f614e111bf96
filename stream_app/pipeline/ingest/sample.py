"""How real records fit a policy, before anything runs: counts of their dispositions.

The records go through ingest itself, under a temporary key, and nothing that it writes is kept. The only values of
records in the report are labels that the policy does not list and that at least k records have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from stream_app.core.events.classify import place_of
from stream_app.core.events.clusters import ClusterBuckets, ClusterCounts
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.partials import decode_partial
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.fields import labeled_parts, schema_of
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.ingest.sampled.periods import SampledPeriods, periods_in
from stream_app.pipeline.ingest.sampled.proxies import SampledProxy, proxies_in
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.layout import index_by_label, layout_of, n_buckets_of, pane_layout_of
from stream_app.pipeline.topology import Topology
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy, canonical_label, label_text
from stream_app.policy.values.look_alikes import look_alike

_MOST_SHOWN, _MOST_COMPARED = 5, 200  # values that are not listed
_TIME_REASONS = frozenset({
    Reason.TIME, Reason.TIME_DATE, Reason.TIME_ZONE, Reason.TIME_UNIT, Reason.TIME_FUTURE, Reason.TIME_PAST,
})  # fmt: skip


class SampledDimension(msgspec.Struct, frozen=True, kw_only=True):
    """How many values of an attribute or segment are listed in the policy.

    Attributes:
        name: Name of the attribute or segment.
        n_listed: Counted events with a listed value.
        n_unknown: Counted events with null.
        n_other: Counted events with a value that is not listed.
        n_other_spellings: How many different values those are.
        others: The values that at least k records have, and how many have each.
        look_alikes: Records whose value is not listed and looks like a label, by label.
    """

    name: str
    n_listed: int
    n_unknown: int
    n_other: int
    n_other_spellings: int = 0
    others: dict[str, int] = {}
    look_alikes: dict[str, int] = {}


class SampledFeature(msgspec.Struct, frozen=True, kw_only=True):
    """How many counted events have a number.

    Attributes:
        name: Name of the feature.
        n: Counted events that have it.
    """

    name: str
    n: int


class SampleReport(msgspec.Struct, frozen=True, kw_only=True):
    """Dispositions of some records of one model.

    Attributes:
        model: Name of the model.
        n_records: Records that were read.
        n_counted: Events that would be counted.
        n_late: Events whose pane had closed when they came.
        n_duplicates: Events that were seen before, with the same decision.
        n_conflicts: Those that were seen before with another decision: rejected, and part of ``dead_letters``.
        n_tombstones: Records without a value.
        outcomes: Counted events by outcome (``favorable``, ``unfavorable``, or ``event``).
        dead_letters: Rejected records by reason.
        faults: Rejected records by reason and declared field, where a field is the reason.
        dropped: Dropped fields by declared path, or ``undeclared``.
        dimensions: The labels of the counted events.
        features: The numbers of the counted events.
        proxies: The probabilities of membership of the counted events; absent without proxies.
        first_pane_s: Start of the first pane with a counted event, seconds since the Unix epoch; None without one.
        last_pane_s: Start of the last such pane.
        periods: Whether the comparison period of the policy suits the sample; None for published counts, and where
            nothing was counted.
        clusters: In how many clusters the decisions are; None where the policy has none.
    """

    model: str
    n_records: int
    n_counted: int
    n_late: int
    n_duplicates: int
    n_conflicts: int
    n_tombstones: int
    outcomes: dict[str, int]
    dead_letters: dict[str, int]
    faults: dict[str, int]
    dropped: dict[str, int]
    dimensions: list[SampledDimension]
    features: list[SampledFeature]
    first_pane_s: int | None
    last_pane_s: int | None
    periods: SampledPeriods | None = None
    proxies: list[SampledProxy] | msgspec.UnsetType = msgspec.UNSET
    clusters: ClusterCounts | None = None

    @property
    def is_decoded(self) -> bool:
        """Whether any record is an event under the policy."""
        return self.n_counted + self.n_late + self.n_duplicates > 0


def try_sample(model: ModelPolicy, batches: Iterable[Batch], key: RootKey) -> SampleReport:
    """Send records through ingest and return their dispositions.

    Args:
        model: The policy of the model.
        batches: Batches of records; those of one partition in the order of their offsets.
        key: A key for this sample only.
    """
    steps: dict[int, IngestStep] = {}
    counted = msgspec.structs.replace(model, outcome=None)  # in a sample no decision waits for its outcome
    survey = _Survey(model)
    n_records = 0
    panes: dict[int, Cells] = {}
    for batch in batches:
        if batch.partition not in steps:
            steps[batch.partition] = IngestStep(counted, (key,), batch.partition, Topology())
        n_records += len(batch) + sum(unreadable.n_records for unreadable in batch.unreadable)
        steps[batch.partition].step(batch)  # what would be published is not needed here
        survey.add(batch)
    counts = [step.take_report().counts for step in steps.values()]
    for step in steps.values():
        for output in step.flush(0.0, is_caught_up=True).outputs:
            for value in output.values:
                for pane in decode_partial(value or b"").panes:
                    add_cells(panes.setdefault(pane.start_s, {}), pane.cells)
    return SampleReport(
        model=model.name,
        n_records=n_records,
        n_counted=sum(sum(count.decisions.values()) for count in counts),
        n_late=sum(count.n_late for count in counts),
        n_duplicates=sum(count.n_duplicates for count in counts),
        n_conflicts=sum(count.n_conflicts for count in counts),
        n_tombstones=sum(count.n_tombstones for count in counts),
        outcomes=_total(count.decisions for count in counts),
        dead_letters=_total(count.dead_letters for count in counts),
        faults=_total([survey.faults]),
        dropped=_total(count.dropped for count in counts),
        dimensions=_dimensions(model, panes.values(), survey),
        features=_features(model, panes.values()),
        first_pane_s=min(panes, default=None),
        last_pane_s=max(panes, default=None),
        periods=periods_in(model, panes) if model.kind == "decisions" and panes else None,
        proxies=proxies_in(model, panes.values()) if model.proxies else msgspec.UNSET,
        clusters=None if model.cluster is None else _clusters(model, panes.values(), survey.clusters),
    )


class _Survey:
    """What the counts of ingest do not say: the fields of rejected records, and the values that are not listed."""

    def __init__(self, model: ModelPolicy) -> None:
        self.faults: Counter[str] = Counter()
        self.others: dict[str, Counter[str]] = {}
        self.clusters = ClusterBuckets(model.missing)
        self._model = model
        self._reader = RecordReader(model)
        self._cluster_of = None if model.cluster is None else self._reader.schema.getter(model.cluster)
        self._schema = schema_of(model, times_as_text=True)
        labels = layout_of(model).dimensions
        self._labeled = [
            (name, self._reader.schema.getter(part.path), index_by_label(known, part.aliases, model.missing))
            for part, (name, known) in zip(labeled_parts(model), labels, strict=False)
        ]

    def add(self, batch: Batch) -> None:
        """Add a batch."""
        read = self._reader.read(batch)
        for place, reason in read.rejected.items():
            if path := self._path_of(self._json_of(batch, place), reason):
                self.faults[f"{reason} at {path}"] += 1
        if self._cluster_of is not None:
            self.clusters.column(map(self._cluster_of, read.events))
        for name, get, index in self._labeled:
            values = [label_text(value) for value in map(get, read.events) if value is not None and value is not UNSET]
            unlisted = (value for value in values if canonical_label(value) not in index)
            self.others.setdefault(name, Counter()).update(unlisted)

    def _json_of(self, batch: Batch, place: int) -> bytes:
        """Return a record as JSON; empty where it cannot be read."""
        [text] = self._reader.texts(batch, [place])
        return b"" if isinstance(text, Reason) else text

    def _path_of(self, value: bytes, reason: Reason) -> str | None:
        """Return the declared field that is the reason; never a key that only the record has."""
        if reason in _TIME_REASONS:
            return self._model.event_time.path
        try:
            self._schema.decode(value)
        except msgspec.ValidationError as error:
            place = place_of(error)
            return place if place in self._schema.paths else None
        except (ValueError, RecursionError):  # not JSON: there is no path in it
            return None
        if reason is Reason.VALUE and self._model.decision is not None:
            return self._model.decision.path
        return None


def _features(model: ModelPolicy, panes: Iterable[Cells]) -> list[SampledFeature]:
    vectors = [vector for cells in panes for vector in cells.values()]
    totals = (sum(vector[1 + 3 * number] for vector in vectors) for number in range(len(model.counted_features)))
    probabilities = {feature.name for proxy in model.proxies for feature in proxy.as_features}
    counted = zip(model.counted_features, totals, strict=True)
    return [SampledFeature(name=f.name, n=n) for f, n in counted if f.name not in probabilities]


def _dimensions(model: ModelPolicy, panes: Iterable[Cells], survey: _Survey) -> list[SampledDimension]:
    layout = pane_layout_of(model)
    n_open = len(model.attributes) + (model.segment is not None)
    n_by_label = [Counter[str]() for _ in range(n_open)]
    for cells in panes:
        for code, (n, *_) in cells.items():
            for counter, label in zip(n_by_label, layout.labels_of(code), strict=False):
                counter[label] += n
    return [
        SampledDimension(
            name=name,
            n_listed=counter.total() - counter[UNKNOWN] - counter[OTHER],
            n_unknown=counter[UNKNOWN],
            n_other=counter[OTHER],
            n_other_spellings=len(survey.others.get(name, ())),
            others={
                value: n
                for value, n in survey.others.get(name, Counter()).most_common(_MOST_SHOWN)
                if n >= model.privacy.k
            },
            look_alikes=_look_alikes(survey.others.get(name, Counter()), labels[:-2]),
        )
        for (name, labels), counter in zip(layout.dimensions, n_by_label, strict=False)
    ]


def _clusters(model: ModelPolicy, panes: Iterable[Cells], buckets: ClusterBuckets) -> ClusterCounts:
    n_by_bucket = Counter[int]()
    for cells in panes:
        for code, (n, *_) in cells.items():
            n_by_bucket[code % n_buckets_of(model)] += n
    return buckets.summary(n_by_bucket)


def _look_alikes(others: Counter[str], labels: tuple[str, ...]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for value, n in others.most_common(_MOST_COMPARED):
        if (label := look_alike(value, labels)) is not None:
            found[label] += n
    return dict(found.most_common())


def _total(counters: Iterable[Mapping[Any, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update({str(name): n for name, n in counter.items()})
    return dict(total.most_common())
