"""States as numbers that a rule can compare, per attribute, kind of limit and window, and the estimated onset."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from prometheus_client import Metric

from stream_app.core.groups.comparison import State
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.pipeline.judge.questions import Question, outcome_questions, score_questions
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import KIND_OF_TEST, PAIR_KINDS, Evidence, LimitKind
from stream_app.policy import ModelPolicy

LEVELS = {State.OK: 0, State.INSUFFICIENT: 1, State.WARNING: 2, State.BREACH: 3}

WindowLabels = tuple[str, str, str]  # model, attribute, window


class AlertLevels:
    """The worst state of an attribute under each kind of limit; changed when a window closes, and by an alarm."""

    def __init__(self) -> None:
        self._level = Gauge(
            "fairstream_alert_level",
            "State of the worst pair under a limit: 0 ok, 1 insufficient data, 2 warning, 3 breach.",
            ("model", "attribute", "kind", "window"),
        )
        self._transitions = Counter(
            "fairstream_alert_transitions",
            "State transitions of an attribute under a limit.",
            ("model", "attribute", "kind", "window", "to"),
        )
        self._onset = Gauge(
            "fairstream_alert_onset_timestamp_seconds",
            "Estimated onset of a breach or warning, event time; absent without one.",
            ("model", "attribute", "kind"),
        )
        self._onset_earliest = Gauge(
            "fairstream_alert_onset_earliest_timestamp_seconds",
            "Start of the 99% interval of the estimated onset, for an abrupt change, event time.",
            ("model", "attribute", "kind"),
        )
        self._onset_latest = Gauge(
            "fairstream_alert_onset_latest_timestamp_seconds",
            "End of the 99% interval of the estimated onset, for an abrupt change, event time.",
            ("model", "attribute", "kind"),
        )

    @staticmethod
    def n_series(n_kinds: int, n_windows: int) -> int:
        """Return the maximum number of series of an attribute: per window a level and transitions, and three onsets."""
        return n_kinds * (n_windows * (1 + len(State)) + 3)

    def start(self, model: ModelPolicy, attribute: str, kinds: Iterable[LimitKind]) -> None:
        """Export the counters of an attribute as 0 before anything has happened."""
        for window in model.windows:
            for kind in kinds:
                for state in State:
                    self._transitions.add((model.name, attribute, kind.value, window.name, state.value), 0)

    def show(
        self, labels: WindowLabels, states: Mapping[LimitKind, State], evidence: Sequence[Evidence], *, is_new: bool
    ) -> None:
        """Take over the states of a closed window.

        Args:
            labels: Model, attribute and window.
            states: The worst state under each kind of limit that was evaluated.
            evidence: Of the groups that may be shown.
            is_new: Whether it closed just now; otherwise no transition is counted.
        """
        model, attribute, window = labels
        for kind, state in states.items():
            self._set((model, attribute, kind.value, window), state, is_new=is_new)
            onsets = [
                (test.onset_s, test.onset_earliest_s, test.onset_latest_s)
                for test in evidence
                if KIND_OF_TEST[test.test] is kind and test.onset_s is not None
            ]
            first = min(onsets, key=lambda onset: onset[0], default=(None, None, None))
            self._set_onset((model, attribute, kind.value), first)

    def alarm(self, alert: Alert, model: ModelPolicy) -> None:
        """Show a breach immediately, before a window closes."""
        kind = KIND_OF_TEST[alert.test]
        if alert.change == "breach" and min(alert.n, alert.n_reference) >= model.privacy.k:
            for window in model.windows:
                self._set((model.name, alert.attribute, kind.value, window.name), State.BREACH, is_new=True)
            onset = (alert.onset_s, alert.onset_earliest_s, alert.onset_latest_s)
            self._set_onset((model.name, alert.attribute, kind.value), onset)

    def end_breach(self, labels: WindowLabels, kind: LimitKind, state: State, *, is_new: bool) -> None:
        """Replace the level of other windows that still show a breach.

        A breach belongs to a pair, not to a window: once no test is in breach any more, a longer window that has not
        closed since must not keep showing it.
        """
        model, attribute, _ = labels
        for row, level in list(self._level.rows().items()):
            if row[:3] == (model, attribute, kind.value) and level == LEVELS[State.BREACH]:
                self._set((model, attribute, kind.value, row[3]), state, is_new=is_new)

    def drop(self, model: str, kinds: Collection[LimitKind]) -> None:
        """Remove the states of a model that another process owns now."""
        for gauge in (self._level, *self._onsets):
            for labels in [labels for labels in gauge.rows() if labels[0] == model and labels[2] in kinds]:
                gauge.drop(*labels)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (instrument.family() for instrument in (self._level, *self._onsets, self._transitions))

    @property
    def _onsets(self) -> tuple[Gauge, Gauge, Gauge]:
        return self._onset, self._onset_earliest, self._onset_latest

    def _set_onset(self, labels: tuple[str, str, str], onset: tuple[int | None, int | None, int | None]) -> None:
        """Show an onset and its interval; leave out what is not known."""
        for gauge, time_s in zip(self._onsets, onset, strict=True):
            gauge.drop(*labels)
            if time_s is not None:
                gauge.set(labels, time_s)

    def _set(self, labels: tuple[str, str, str, str], state: State, *, is_new: bool) -> None:
        before = self._level.rows().get(labels)
        self._level.set(labels, LEVELS[state])
        if is_new and before is not None and before != LEVELS[state]:
            self._transitions.add((*labels, state.value))


def kinds_of(model: ModelPolicy) -> tuple[LimitKind, ...]:
    """Return the kinds of limits that the decisions of a model are compared with."""
    return (*PAIR_KINDS, *(question.kind for question in score_questions(model)))


def questions_of(model: ModelPolicy) -> tuple[Question, ...]:
    """Return the questions about scores and outcomes of a model."""
    return (*score_questions(model), *(outcome_questions(model) if model.outcome is not None else ()))
