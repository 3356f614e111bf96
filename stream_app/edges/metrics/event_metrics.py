"""Live counters of events and windows, without groups: counted, rejected, late, duplicate, dropped and closed."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator

from prometheus_client import Metric

from stream_app.core.events.cameras.leaks import Leak
from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.join.outcome_join import JoinCounts
from stream_app.core.releases.blocks import BlockCounter
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.pipeline.ingest.dropped import UNDECLARED
from stream_app.pipeline.ingest.fields import dropped_probabilities, unreadable_paths
from stream_app.pipeline.ingest.report import IngestCounts
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.subjects.subject import DISPOSITIONS, tally_config_of
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.names import outcomes_name
from stream_app.policy import OTHER, ModelPolicy, Policy

_SLACK_S = 60.0
_COMPARABLE = {True: "true", False: "false"}

# An unmatched outcome waits for its decision, and is counted again when it matches or expires.
OUTCOME_DISPOSITIONS = ("matched", "duplicate", "changed", "unmatched", "expired")


class EventMetrics:
    """Rows about events and windows.

    Args:
        policy: The policy that is applied.
    """

    def __init__(self, policy: Policy) -> None:
        self._topics = {model.name: model.topic for model in policy.models}
        self._least = {model.name: model.privacy.k for model in policy.models}
        self.watermark = Gauge(
            "fairstream_watermark_timestamp_seconds",
            "Combined watermark: event time before which all panes are closed.",
            ("model",),
        )
        self._age_limit = Gauge(
            "fairstream_window_age_limit_seconds",
            "Age of the end of the newest closed window from which on its values are stale.",
            ("model", "window"),
        )
        self._decisions = Counter("fairstream_decisions", "Counted events, without groups.", ("model", "outcome"))
        self._sources = Counter(
            "fairstream_source_events", "Counted events by source partition.", ("topic", "partition")
        )
        self._dead_letters = Counter("fairstream_dead_letters", "Rejected records (dead letters).", ("topic", "reason"))
        self._late = Counter(
            "fairstream_late_events", "Late events: their pane had closed, so they were dropped.", ("model",)
        )
        self._duplicates = Counter("fairstream_duplicates", "Duplicates of events that had been counted.", ("model",))
        self._conflicts = Counter(
            "fairstream_conflicts",
            "Rejected events with the id of an earlier event and another decision.",
            ("model",),
        )
        self._anomalies = Counter(
            "fairstream_anomalies",
            "Counted events that are tagged as anomalies, by outcome; added k at a time.",
            ("model", "outcome"),
        )
        self._pending_anomalies: dict[str, Tally[str]] = {}
        self._overflow = Counter(
            "fairstream_label_overflow",
            "Events with a value that the policy does not list; of groups of people in blocks of at least k.",
            ("model", "label"),
        )
        self._blocks = {model.name: BlockCounter(model.privacy.k) for model in policy.models}
        self._groups = {model.name: groups_of(model) for model in policy.models}
        self._dropped = Counter(
            "fairstream_fields_dropped",
            "Fields of records that the policy does not keep, or does not require and cannot read.",
            ("topic", "path"),
        )
        self._closed = Counter("fairstream_windows_closed", "Closed windows, by result.", ("model", "window", "result"))
        self._revised = Counter("fairstream_windows_revised", "Revisions of closed windows.", ("model", "window"))
        self._late_corrections = Counter(
            "fairstream_late_corrections",
            "Corrections of closed panes that came too late and were dropped.",
            ("model",),
        )
        self._tested = Counter(
            "fairstream_tested_decisions", "Decisions in comparison periods that were tested.", ("model",)
        )
        self._untested = Counter(
            "fairstream_untested_decisions",
            "Decisions that were counted in windows after their comparison period had been tested.",
            ("model",),
        )
        self._periods = Counter(
            "fairstream_tested_periods",
            "Tested comparison periods, by whether a group and its reference both had decisions.",
            ("model", "comparable"),
        )
        self.test_lag = Gauge(
            "fairstream_test_lag_seconds",
            "Event time with decisions that is closed and waits to be tested, for silent source partitions.",
            ("model",),
        )
        self._outcomes = Counter("fairstream_outcomes", "Outcomes, by disposition.", ("model", "disposition"))
        for model in policy.models:
            self._start(model)

    def ingested(self, model: str, counts: IngestCounts) -> None:
        """Add the counts of an ingest lane."""
        topic = self._topics[model]
        for outcome, n in counts.decisions.items():
            self._decisions.add((model, outcome), n)
        for reason, n in counts.dead_letters.items():
            self._dead_letters.add((topic, reason.value), n)
        of_groups = {label: n for label, n in counts.overflow.items() if label in self._groups[model]}
        others = {label: n for label, n in counts.overflow.items() if label not in of_groups}
        for label, n in (others | self._blocks[model].add(sum(counts.decisions.values()), of_groups)).items():
            self._overflow.add((model, label), n)
        for path, n in counts.dropped.items():
            self._dropped.add((topic, path), n)
        self._add_anomalies(model, counts.anomalies)
        self._late.add((model,), counts.n_late)
        self._duplicates.add((model,), counts.n_duplicates)
        self._conflicts.add((model,), counts.n_conflicts)

    def source_counted(self, model: str, partition: int, n_events: int) -> None:
        """Add the counted events of a source partition."""
        self._sources.add((self._topics[model], str(partition)), n_events)

    def _add_anomalies(self, model: str, tagged: Tally[str]) -> None:
        """Show tagged events once at least k of them have come: two scrapes must not show one person's decision."""
        pending = self._pending_anomalies.setdefault(model, Tally())
        pending.update(tagged)
        if pending.total() >= self._least[model]:
            for outcome, n in pending.items():
                self._anomalies.add((model, outcome), n)
            pending.clear()

    def outcomes_ingested(self, topic: str, counts: IngestCounts) -> None:
        """Add what an ingest lane of outcomes rejected and dropped."""
        for reason, n in counts.dead_letters.items():
            self._dead_letters.add((topic, reason.value), n)
        for path, n in counts.dropped.items():
            self._dropped.add((topic, path), n)

    def joined(self, model: str, counts: JoinCounts) -> None:
        """Add the counts of an outcome lane."""
        for disposition in OUTCOME_DISPOSITIONS:
            self._outcomes.add((model, disposition), getattr(counts, disposition))

    def judged(self, model: str, report: ModelReport) -> None:
        """Add the counts of a judge lane."""
        for (window, outcome), n in report.n_closed.items():
            self._closed.add((model, window, outcome), n)
        for window, n in report.n_revised.items():
            self._revised.add((model, window), n)
        self._late_corrections.add((model,), report.n_late)
        if report.lag_s is not None:
            self._tested.add((model,), report.n_tested)
            self._untested.add((model,), report.n_untested)
            for is_comparable, n in report.n_periods.items():
                self._periods.add((model, _COMPARABLE[is_comparable]), n)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        yield self.watermark.family()
        yield self._age_limit.family()
        yield self.test_lag.family()
        for counter in (
            self._decisions,
            self._sources,
            self._dead_letters,
            self._late,
            self._duplicates,
            self._conflicts,
            self._anomalies,
            self._overflow,
            self._dropped,
            self._closed,
            self._revised,
            self._late_corrections,
            self._tested,
            self._untested,
            self._periods,
            self._outcomes,
        ):
            yield counter.family()

    def _start(self, model: ModelPolicy) -> None:
        self._start_outcomes(model)
        for outcome in ("favorable", "unfavorable") if model.kind == "decisions" else ("event",):
            self._decisions.add((model.name, outcome), 0)
            if model.anomalies is not None:
                self._anomalies.add((model.name, outcome), 0)
        for reason in DeadLetterReason:
            self._dead_letters.add((model.topic, reason.value), 0)
        paths = (*model.drop, *(box.path for box in model.boxes), *unreadable_paths(model), UNDECLARED)
        paths = (*paths, *(Leak if model.record is not None else ()))
        for path in (*paths, *(name for proxy in model.proxies for name in dropped_probabilities(proxy))):
            self._dropped.add((model.topic, path), 0)
        for name, labels in layout_of(model).dimensions:
            if OTHER in labels:
                self._overflow.add((model.name, name), 0)
        for counter in (self._late, self._duplicates, self._conflicts, self._late_corrections):
            counter.add((model.name,), 0)
        for window in tally_config_of(model).windows:
            self._age_limit.set((model.name, window.name), age_limit_s(model, window.size_s))
        self._start_windows(model, model.name)
        if model.is_tested:
            self._start_tests(model.name)

    def _start_outcomes(self, model: ModelPolicy) -> None:
        if (outcome := model.outcome) is None:
            return
        for reason in DeadLetterReason:
            self._dead_letters.add((outcome.topic, reason.value), 0)
        for path in (*outcome.drop, UNDECLARED):
            self._dropped.add((outcome.topic, path), 0)
        self.joined(model.name, JoinCounts())
        name = outcomes_name(model.name)
        self._late_corrections.add((name,), 0)
        self._start_windows(model, name)
        self._start_tests(name)

    def _start_tests(self, name: str) -> None:
        self._tested.add((name,), 0)
        self._untested.add((name,), 0)
        for comparable in _COMPARABLE.values():
            self._periods.add((name, comparable), 0)

    def _start_windows(self, model: ModelPolicy, name: str) -> None:
        for window in tally_config_of(model).windows:
            self._revised.add((name, window.name), 0)
            for disposition in DISPOSITIONS:
                self._closed.add((name, window.name, disposition), 0)


def age_limit_s(model: ModelPolicy, size_s: int) -> float:
    """Return the age of a window's end beyond which newer windows must have closed, in seconds.

    Three windows, so that two may be missed; the allowed out-of-orderness and the idle timeout; a minute for commits,
    scrapes and a handover.

    >>> from stream_app.policy import load_policy
    >>> age_limit_s(load_policy("loans").models[0], 300)
    970.0
    """
    time = model.event_time
    return 3 * size_s + time.out_of_orderness_s + time.idle_s + _SLACK_S


def groups_of(model: ModelPolicy) -> frozenset[str]:
    """Return the dimensions that say to which group somebody belongs; of published counts all."""
    if model.kind == "counts":
        return frozenset(name for name, _ in layout_of(model).dimensions)
    return frozenset(attribute.name for attribute in model.attributes)
