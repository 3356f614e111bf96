"""``replay verify``: the judge's whole life once more, and every record that it wrote compared."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import msgspec

from stream_app.edges.kafka.told import read_alerts, read_journal, read_partials, read_results
from stream_app.errors import ConfigError
from stream_app.pipeline.alerts import Alert, decode_alert
from stream_app.pipeline.journal import ClockEntry
from stream_app.pipeline.replay.checking import Comparison, Difference, Live, Place, first_difference
from stream_app.pipeline.replay.locating import Parting, find_parting, flushes_of
from stream_app.pipeline.replay.retelling import Retelling, Told, lives_of
from stream_app.pipeline.results import Result, decode_result
from stream_app.policy import ModelPolicy, Policy
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_CLOCK, FAIRNESS_RESULTS
from stream_app.wiring.replay_sources import OnProgress, SourceChoice, Sources, open_sources

_SETTLE_S = 1.0  # a transaction shows in one topic a moment before it shows in another


class Extent(msgspec.Struct, frozen=True):
    """Which results are compared: those of windows that end in this stretch of event time; None is open.

    Running totals are about all time: they are compared where no stretch is asked for.
    """

    from_s: int | None = None
    to_s: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether everything is compared."""
        return self.from_s is None and self.to_s is None

    def holds_alert(self, alert: Alert) -> bool:
        """Tell whether an alert is compared."""
        is_late_enough = self.from_s is None or alert.at_s > self.from_s
        return is_late_enough and (self.to_s is None or alert.at_s <= self.to_s)

    def holds(self, result: Result) -> bool:
        """Tell whether a result is compared."""
        if self.is_all:
            return True
        is_late_enough = self.from_s is None or result.end_s > self.from_s
        return result.window != "total" and is_late_enough and (self.to_s is None or result.end_s <= self.to_s)


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found.

    Attributes:
        model: Name of the model.
        is_equal: Whether every compared record is the same.
        n_records: Source records that were read.
        n_equal: Records of results and journal that are the same.
        n_missing: Records that were retold and do not stand in the topics.
        n_unexpected: Records that stand in the topics and were not retold.
        difference: The first difference.
        parting: Where a source partition was counted otherwise; None where all agree with their partials, or where
            those are gone.
        policy_hash: Policy of the replay.
    """

    model: str
    is_equal: bool
    n_records: int
    n_equal: int
    n_missing: int
    n_unexpected: int
    difference: Difference | None
    parting: Parting | None
    policy_hash: str


def verify(
    settings: Settings,
    policy: Policy,
    model: ModelPolicy,
    choice: SourceChoice,
    extent: Extent,
    note: OnProgress,
    *,
    k: int,
) -> Verification:
    """Recompute what the judge wrote about a model and compare it with what stands in the topics.

    Args:
        settings: Where Kafka and the keys are.
        policy: The policy under which was judged.
        model: Its model.
        choice: Which source topic is read.
        extent: Which results are compared.
        note: Told how far it is.
        k: A difference about fewer than so many is told without its values.

    Raises:
        BrokerUnavailableError: no broker answers, or it went away.
        ReplayError: source records or journal entries are gone, or policy and version are others.
    """
    n_sure = len(read_journal(settings.kafka, model.name))
    results = [live for live, own in read_results(settings.kafka, model.name) if extent.holds(own)]
    alerts = [live for live, own in read_alerts(settings.kafka, model.name) if extent.holds_alert(own)]
    time.sleep(_SETTLE_S)
    journal = read_journal(settings.kafka, model.name)
    entries = [live for live, _ in journal] if extent.is_all else []
    comparison = Comparison([*results, *alerts, *entries], n_sure)
    lives = lives_of([entry for _, entry in journal], FAIRNESS_CLOCK)
    with open_sources(settings, model, choice, note) as sources:
        for told in _retell(sources, policy, lives):
            if _is_compared(told, extent):
                comparison.match(told)
        missing, unexpected = comparison.missing(), comparison.unexpected()
        difference = _difference(settings, model, missing, unexpected, [*alerts, *entries], k)
        parting = None
        n_records = sources.n_read
        if difference is not None:
            parting = _locate(settings, sources, lives[-1], difference)
    return Verification(
        model=model.name,
        is_equal=difference is None,
        n_records=n_records,
        n_equal=comparison.n_equal,
        n_missing=len(missing),
        n_unexpected=len(unexpected),
        difference=difference,
        parting=parting,
        policy_hash=policy.hash(),
    )


def _retell(sources: Sources, policy: Policy, lives: Iterable[list[ClockEntry]]) -> Iterator[Told]:
    n_before = 0
    for life in lives:
        sources.seek_starts(life[-1].starts)
        retelling = Retelling(sources.model, policy.hash(), sources.cursors())
        for entry in life:
            for told in retelling.retell(entry):
                yield told._replace(entry=n_before + entry.number)
        n_before += len(life)


def _is_compared(told: Told, extent: Extent) -> bool:
    if told.topic == FAIRNESS_ALERTS:
        return extent.holds_alert(decode_alert(told.value))
    return extent.is_all or (told.topic == FAIRNESS_RESULTS and extent.holds(decode_result(told.value)))


def _difference(
    settings: Settings,
    model: ModelPolicy,
    missing: list[Told],
    unexpected: list[Place],
    kept: list[Live],
    k: int,
) -> Difference | None:
    if not missing and not unexpected:
        return None
    places = set(unexpected)
    found = [live for live in kept if (live.topic, live.partition, live.offset) in places]
    if any(topic == FAIRNESS_RESULTS for topic, _, _ in places):
        found = [*(live for live, _ in read_results(settings.kafka, model.name, at=places)), *found]
    return first_difference(missing, found, k)


def _locate(settings: Settings, sources: Sources, life: list[ClockEntry], difference: Difference) -> Parting | None:
    """Recount each partition against its partials; the one whose earliest difference lies in the window, if any."""
    flushes = flushes_of(read_partials(settings.kafka, sources.model.name))
    sources.seek_starts(life[-1].starts)
    partings = [
        parting
        for source, cursor in sources.cursors().items()
        if (parting := find_parting(source, cursor, flushes.get(source, []))) is not None
    ]
    return min(
        partings,
        key=lambda own: (not difference.start_s <= own.pane_start_s < difference.end_s, own.pane_start_s),
        default=None,
    )


def extent_of_alert(settings: Settings, model: ModelPolicy, alert_id: str) -> Extent:
    """Return the stretch that an alert describes, the alert itself included.

    Raises:
        ConfigError: no such alert stands in the topic.
    """
    for _, alert in read_alerts(settings.kafka, model.name):
        if alert.id == alert_id:
            return Extent(alert.start_s, alert.at_s)
    raise ConfigError(f"No alert {alert_id!r} of model {model.name!r}", action="See: fairstream alerts list")
