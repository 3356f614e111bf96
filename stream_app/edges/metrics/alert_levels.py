"""States as numbers that a rule can compare, per attribute and kind of limit, with onset and recovery."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import Metric

from stream_app.core.groups.comparison import State
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.edges.metrics.limit_state import LimitState, TestedGroup
from stream_app.pipeline.judge.questions import Question, outcome_questions, score_questions
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import KIND_OF_TEST, MEAN_KINDS, PAIR_KINDS, LimitKind
from stream_app.policy import ModelPolicy

LEVELS = {State.OK: 0, State.INSUFFICIENT: 1, State.WARNING: 2, State.BREACH: 3}

WindowLabels = tuple[str, str, str]  # model, attribute, window
_LABELS = ("model", "attribute", "kind")


class Limit(NamedTuple):
    """What has a level: an attribute, or attributes joined by ``+``, of a model under one kind of limit."""

    model: str
    attribute: str
    kind: LimitKind


class AlertLevels:
    """The worst state of an attribute under each kind of limit: changed by alarms, recoveries and closing windows."""

    def __init__(self) -> None:
        self._level = Gauge(
            "fairstream_alert_level",
            "State of the worst pair under a limit: 0 ok, 1 insufficient data, 2 warning, 3 breach.",
            _LABELS,
        )
        self._transitions = Counter(
            "fairstream_alert_transitions", "State transitions of an attribute under a limit.", (*_LABELS, "to")
        )
        self._onset = Gauge(
            "fairstream_alert_onset_timestamp_seconds",
            "Estimated onset of a breach or warning, event time; absent without one.",
            _LABELS,
        )
        self._onset_earliest = Gauge(
            "fairstream_alert_onset_earliest_timestamp_seconds",
            "Start of the 99% interval of the estimated onset, for an abrupt change, event time.",
            _LABELS,
        )
        self._onset_latest = Gauge(
            "fairstream_alert_onset_latest_timestamp_seconds",
            "End of the 99% interval of the estimated onset, for an abrupt change, event time.",
            _LABELS,
        )
        self._recovery = Gauge(
            "fairstream_alert_recovery_timestamp_seconds",
            "When the last breach of an attribute under a limit ended, event time; absent before the first recovery.",
            _LABELS,
        )
        self._limits: dict[Limit, LimitState] = {}

    @staticmethod
    def n_series(n_kinds: int) -> int:
        """Return the maximum number of series of an attribute: a level, transitions, three onsets and a recovery."""
        return n_kinds * (1 + len(State) + 3 + 1)

    def start(self, model: ModelPolicy, attribute: str, kinds: Iterable[LimitKind]) -> None:
        """Export the counters of an attribute as 0 before anything has happened."""
        for kind in kinds:
            for state in State:
                self._transitions.add((model.name, attribute, kind.value, state.value), 0)

    def show(
        self,
        limit: Limit,
        model: ModelPolicy,
        window: str,
        groups: Collection[TestedGroup],
        *,
        is_plainly_broken: bool,
        is_new: bool,
    ) -> None:
        """Take in what the tests know, from a window.

        Args:
            limit: Which tests.
            model: The policy of the model.
            window: Name of the window.
            groups: All groups of the attribute.
            is_plainly_broken: Whether the window breaks the limit by the plain rules, without a test in breach.
            is_new: Whether the window closed just now; otherwise no transition is counted.
        """
        self._state_of(limit, model).show(window, groups, is_plainly_broken=is_plainly_broken)
        self._refresh(limit, is_new=is_new)

    def alarm(self, alert: Alert, model: ModelPolicy) -> None:
        """Take in an alarm or a recovery immediately, before a window closes."""
        limit = _limit_of(alert, model)
        state = self._state_of(limit, model)
        if alert.change == "breach":
            state.open(alert)
        elif state.close(alert):
            self._recovery.set((limit.model, limit.attribute, limit.kind.value), alert.at_s)
        self._refresh(limit, is_new=True)

    def restore(self, alert: Alert, model: ModelPolicy) -> None:
        """Take in the last alert of a test of a model that another process owned; nothing is counted.

        Recoveries come after the open breaches: one that left others in breach did not end anything.
        """
        limit = _limit_of(alert, model)
        if alert.change == "breach":
            self._state_of(limit, model).restore(alert)
            self._refresh(limit, is_new=False)
        elif limit in self._limits and not self._limits[limit].is_open():
            labels = (limit.model, limit.attribute, limit.kind.value)
            self._recovery.set(labels, max(alert.at_s, self._recovery.rows().get(labels, 0)))

    def alerts(self, model: str) -> list[Alert]:
        """Return the newest alert of each pair of a model that is in breach and may be shown, for each limit."""
        return [alert for limit, state in self._limits.items() if limit.model == model for alert in state.alerts()]

    def n_in_breach(self, model: str) -> dict[tuple[str, str], int]:
        """Return how many groups of a model are in breach and may be shown, by attribute and kind of limit."""
        own = {limit: state for limit, state in self._limits.items() if limit.model == model}
        return {(limit.attribute, limit.kind.value): state.n_in_breach() for limit, state in own.items()}

    def states(self, model: str) -> dict[Limit, State]:
        """Return the state of each limit of a model."""
        return {limit: state.state() for limit, state in self._limits.items() if limit.model == model}

    def alarmed_s(self, model: str) -> dict[Limit, int]:
        """Return when the first alarm of the open breaches of each limit was raised, where that is known."""
        times = {limit: state.alarmed_s() for limit, state in self._limits.items() if limit.model == model}
        return {limit: at_s for limit, at_s in times.items() if at_s is not None}

    def recovered_s(self, model: str) -> dict[Limit, int]:
        """Return when the last breach of each limit ended, of those that were ever in breach."""
        rows = self._recovery.rows()
        times = {limit: rows.get((model, limit.attribute, limit.kind.value)) for limit in self._limits}
        return {limit: int(at_s) for limit, at_s in times.items() if limit.model == model and at_s is not None}

    def drop(self, model: str, kinds: Collection[LimitKind]) -> None:
        """Remove the states of a model that another process owns now."""
        for limit in [limit for limit in self._limits if limit.model == model and limit.kind in kinds]:
            del self._limits[limit]
            for gauge in (self._level, self._recovery, *self._onsets):
                gauge.drop(limit.model, limit.attribute, limit.kind.value)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        rows = (self._level, *self._onsets, self._recovery, self._transitions)
        return (instrument.family() for instrument in rows)

    @property
    def _onsets(self) -> tuple[Gauge, Gauge, Gauge]:
        return self._onset, self._onset_earliest, self._onset_latest

    def _state_of(self, limit: Limit, model: ModelPolicy) -> LimitState:
        if limit not in self._limits:
            self._limits[limit] = LimitState(model.privacy.k)
        return self._limits[limit]

    def _refresh(self, limit: Limit, *, is_new: bool) -> None:
        state, onset = self._limits[limit].state(), self._limits[limit].onset()
        labels = (limit.model, limit.attribute, limit.kind.value)
        before = self._level.rows().get(labels)
        self._level.set(labels, LEVELS[state])
        if is_new and before is not None and before != LEVELS[state]:
            self._transitions.add((*labels, state.value))
        for gauge, time_s in zip(self._onsets, onset, strict=True):
            gauge.drop(*labels)
            if time_s is not None:
                gauge.set(labels, time_s)


def pair_kinds_of(model: ModelPolicy) -> tuple[LimitKind, ...]:
    """Return the kinds of limits that every pair of a model is compared with, intersections too."""
    if model.kind == "amounts":
        return MEAN_KINDS[:1] if model.rules.min_mean_ratio is None else MEAN_KINDS
    return PAIR_KINDS


def kinds_of(model: ModelPolicy) -> tuple[LimitKind, ...]:
    """Return the kinds of limits that the decisions of a model are compared with."""
    return (*pair_kinds_of(model), *(question.kind for question in score_questions(model)))


def questions_of(model: ModelPolicy) -> tuple[Question, ...]:
    """Return the questions about scores and outcomes of a model."""
    return (*score_questions(model), *(outcome_questions(model) if model.outcome is not None else ()))


def limits_of(model: ModelPolicy) -> dict[LimitKind, float]:
    """Return the limits of a model, by kind."""
    rules = model.rules
    if rules.max_mean_difference is not None:
        ratio = {} if rules.min_mean_ratio is None else {LimitKind.MEAN_RATIO: rules.min_mean_ratio}
        return {LimitKind.MEAN: rules.max_mean_difference, **ratio}
    limits = {LimitKind.RATIO: rules.min_disparate_impact_ratio, LimitKind.GAP: rules.max_gap}
    return limits | {question.kind: question.limit for question in questions_of(model)}


def _limit_of(alert: Alert, model: ModelPolicy) -> Limit:
    return Limit(model.name, alert.attribute, KIND_OF_TEST[alert.test])
