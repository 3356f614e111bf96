"""A complete policy in memory, without Kafka: events in, results and alerts out."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from fairstream.frames.build import build_frame
from fairstream.frames.outcome_columns import OUTCOME_COLUMNS, outcome_records
from fairstream.frames.result_columns import ALERT_COLUMNS, RESULT_COLUMNS, alert_records, result_records
from fairstream.testing.lanes import InMemoryLane, InMemoryLog, LogRecord
from fairstream.testing.steps import TEST_KEYS, list_steps
from producers.event import Event
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from stream_app.pipeline.disclosure.shown import disclose_window, newest_revisions, smallest_groups_of_records
from stream_app.pipeline.disclosure.wording import limits_by_model
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.hours.allocation_results import AllocationResult, decode_hours
from stream_app.pipeline.records.outcome_results import OutcomeResult, decode_amounts, decode_judged_result
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.topics import DEAD_LETTERS, FAIRNESS_ALERTS, FAIRNESS_RESULTS, LATE_DECISIONS

if TYPE_CHECKING:
    import pandas as pd


class InMemoryPipeline:
    """The worker of a policy in memory: the same steps, fed in the same order, with a clock that the test moves.

    The clock follows the events: it is at the time of the newest event that was sent, and ``close_windows`` moves it on
    until every window has closed and every comparison period is tested.

    Args:
        policy: A policy, the name of a shipped one, or the path of a TOML file.
        n_partitions: Partitions of the topics of events and outcomes, >= 1.
        flush_every: Records of a partition in one transaction, >= 1. Results do not depend on it.
        keys: Root keys of the pseudonyms; None for a fixed key that is not a secret.

    Attributes:
        policy: The policy.
        log: All topics, with the records that the steps have written.
        lanes: One lane for each partition that is read, in the order in which data flows.
        now_s: The clock, seconds since 1970.

    >>> from fairstream.testing import loan_events
    >>> pipeline = InMemoryPipeline("loans")
    >>> pipeline.send(loan_events(6000, seed=3, drift="0@0,0.9@30s"))
    >>> pipeline.close_windows()
    >>> alerts = pipeline.alerts()
    >>> breaches = alerts[(alerts.attribute == "gender") & (alerts.change == "breach")]
    >>> sorted(set(breaches.group)), sorted(set(breaches.test))
    (['female'], ['gap_low', 'ratio_low'])
    """

    def __init__(
        self,
        policy: Policy | str | Path,
        *,
        n_partitions: int = 1,
        flush_every: int = 500,
        keys: tuple[RootKey, ...] | None = None,
    ) -> None:
        self.policy = policy if isinstance(policy, Policy) else load_policy(str(policy))
        self.log = InMemoryLog()
        self.now_s = 0.0
        self.lanes = [
            InMemoryLane(partial(factory.make, partition), self.log, factory.topic, partition)
            for factory in list_steps(self.policy, n_partitions, keys or TEST_KEYS)
            for partition in range(factory.n_partitions)
        ]
        self._n_partitions = n_partitions
        self._flush_every = flush_every

    def send(self, events: Iterable[Event], *, model: str | None = None) -> None:
        """Send events to the topics of a model and process them.

        Args:
            events: Events in order of sending; those with ``is_outcome`` go to the topic of the outcomes.
            model: Name of the model; None for the first of the policy.

        Raises:
            PolicyError: The policy has no such model.
            ValueError: An outcome is sent to a model without outcomes.
        """
        selected = self._model(model)
        newest_ms = int(self.now_s * 1000)
        for event in events:
            newest_ms = max(newest_ms, event.time_ms)  # the broker takes a late event late
            partition = zlib.crc32(event.key) % self._n_partitions
            record = LogRecord(event.key, event.value, newest_ms)
            self.log.append(_topic_of(selected, is_outcome=event.is_outcome), partition, [record])
        self.now_s = newest_ms / 1000
        self.run()

    def send_records(
        self,
        records: Iterable[Mapping[str, Any] | bytes | None],
        *,
        time_s: float,
        model: str | None = None,
        partition: int = 0,
        is_outcome: bool = False,
    ) -> None:
        """Send records of your own to one partition and process them.

        Args:
            records: Dictionaries, raw bytes (which may be broken), or None for a tombstone.
            time_s: When the broker takes them, seconds since 1970; not before the clock.
            model: Name of the model; None for the first of the policy.
            partition: Partition of the topic.
            is_outcome: Whether they are outcomes.

        Raises:
            PolicyError: The policy has no such model.
            ValueError: ``time_s`` is before the clock, or an outcome is sent to a model without outcomes.
        """
        if time_s < self.now_s:
            raise ValueError(f"time_s is before the clock at {self.now_s}")
        values = [
            record if record is None or isinstance(record, bytes) else msgspec.json.encode(record) for record in records
        ]
        topic = _topic_of(self._model(model), is_outcome=is_outcome)
        self.log.append(topic, partition, [LogRecord(None, value, int(time_s * 1000)) for value in values])
        self.now_s = time_s
        self.run()

    def run(self) -> None:
        """Process everything that was sent, in transactions of ``flush_every`` records."""
        while any(lane.n_left for lane in self.lanes):
            for lane in self.lanes:
                lane.read(self._flush_every)
                lane.flush(self.now_s)

    def advance(self, seconds: float) -> None:
        """Move the clock on, in which nothing is sent, and let every lane notice."""
        self.now_s += seconds
        for lane in self.lanes:
            lane.flush(self.now_s)
        self.run()

    def close_windows(self) -> None:
        """Move the clock on until every window with events has closed and every comparison period is tested.

        That takes as long as the tests wait for silent partitions (``detection.wait_s``).
        """
        models = self.policy.models
        self.advance(0)  # a lane that was restarted takes itself for active until its first flush
        self.advance(max(model.event_time.idle_s for model in models) + 1)
        self.advance(0)  # the judge notices the silence
        longest_s = max(max(model.period_s, *(window.size_s for window in model.windows)) for model in models)
        longest_s += max(model.event_time.out_of_orderness_s for model in models)
        self.advance(max(longest_s, *(model.wait_s for model in models)) + 1)

    def restart(self) -> None:
        """Restart every lane from its state, as after a crash of the worker."""
        for lane in self.lanes:
            lane.restart()

    def exact_results(self) -> list[Result | OutcomeResult]:
        """Return every result in the order of writing, exact and with all revisions: for tests, not for people."""
        decoded = [decode_judged_result(record.value) for record in self.log.read(FAIRNESS_RESULTS) if record.value]
        return [result for result in decoded if result is not None]

    def allocation_results(self) -> list[AllocationResult]:
        """Return every result about hours of areas in the order of writing, with all revisions."""
        decoded = [decode_hours(record.value) for record in self.log.read(FAIRNESS_RESULTS) if record.value]
        return [result for result in decoded if result is not None]

    def amount_results(self) -> list[AmountResult]:
        """Return every result about amounts in the order of writing, exact and with all revisions."""
        decoded = [decode_amounts(record.value) for record in self.log.read(FAIRNESS_RESULTS) if record.value]
        return [result for result in decoded if result is not None]

    def results(self) -> pd.DataFrame:
        """Return the results about decisions: the columns and rules of ``fairstream.results``."""
        k_of = smallest_groups_of_records(self.policy)
        exact = newest_revisions(result for result in self.exact_results() if isinstance(result, Result))
        disclosed = (disclose_window(result, k_of(result)) for result in exact)
        return build_frame(RESULT_COLUMNS, result_records(disclosed, limits_by_model(self.policy)))

    def outcome_results(self) -> pd.DataFrame:
        """Return the results about outcomes: the columns and rules of ``fairstream.outcome_results``."""
        k_of = smallest_groups_of_records(self.policy)
        exact = newest_revisions(result for result in self.exact_results() if isinstance(result, OutcomeResult))
        disclosed = (disclose_outcomes(result, k_of(result)) for result in exact)
        return build_frame(OUTCOME_COLUMNS, outcome_records(disclosed, limits_by_model(self.policy)))

    def alerts(self) -> pd.DataFrame:
        """Return the alerts: the columns and rules of ``fairstream.alerts``."""
        k_of = smallest_groups_of_records(self.policy)
        exact = [decode_alert(record.value) for record in self.log.read(FAIRNESS_ALERTS) if record.value]
        exact.sort(key=lambda alert: (alert.at_s, alert.id))
        return build_frame(ALERT_COLUMNS, alert_records(disclose_alert(alert, k_of(alert)) for alert in exact))

    def published(self, model: str | None = None) -> list[dict[str, Any]]:
        """Return the pseudonymized events that ingest published for a model."""
        return self._read_json(self._model(model).output_topic or "")

    def dead_letters(self) -> list[dict[str, Any]]:
        """Return the dead letters: records that were rejected, with their reason."""
        return self._read_json(DEAD_LETTERS)

    def late_events(self) -> list[dict[str, Any]]:
        """Return the notices about events that arrived after their pane had closed."""
        return self._read_json(LATE_DECISIONS)

    def _read_json(self, topic: str) -> list[dict[str, Any]]:
        return [
            msgspec.json.decode(record.value, type=dict[str, Any]) for record in self.log.read(topic) if record.value
        ]

    def _model(self, name: str | None) -> ModelPolicy:
        return self.policy.models[0] if name is None else self.policy.model(name)


def _topic_of(model: ModelPolicy, *, is_outcome: bool) -> str:
    if not is_outcome:
        return model.topic
    if model.outcome is None:
        raise ValueError(f"model {model.name!r} has no outcomes")
    return model.outcome.topic
