"""States as numbers that a rule can compare: per attribute and limit, for each window, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Metric

from stream_app.core.fairness.pairs import State
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.pipeline.alerts import Alert
from stream_app.pipeline.disclosed import DisclosedGroup, disclosable_state
from stream_app.pipeline.evidence import KIND_OF_TEST, Kind
from stream_app.pipeline.results import Result
from stream_app.policy import ModelPolicy

LEVELS = {State.OK: 0, State.INSUFFICIENT: 1, State.WATCH: 2, State.BREACH: 3}
N_PER_WINDOW = len(Kind) * (1 + len(State))  # series of one attribute


class AlertLevels:
    """The worst state of an attribute under each kind of limit; changed at the close of a window, and by an alarm."""

    def __init__(self) -> None:
        self._level = Gauge(
            "fairstream_alert_level",
            "State of the worst pair under a limit: 0 ok, 1 insufficient data, 2 warning, 3 breach.",
            ("model", "attribute", "kind", "window"),
        )
        self._transitions = Counter(
            "fairstream_alert_transitions",
            "Changes of the state of an attribute under a limit.",
            ("model", "attribute", "kind", "window", "to"),
        )
        self._onset = Gauge(
            "fairstream_alert_onset_timestamp_seconds",
            "Event time from which a breach or watch is likely; absent without one.",
            ("model", "attribute", "kind"),
        )

    def start(self, model: ModelPolicy, attribute: str) -> None:
        """Make the counters of an attribute visible before anything happened."""
        for window in model.windows:
            for kind in Kind:
                for state in State:
                    self._transitions.add((model.name, attribute, kind.value, window.name, state.value), 0)

    def show(self, result: Result, k: int, groups: Iterable[DisclosedGroup], *, is_new: bool) -> None:
        """Take over the states of a closed window."""
        shown = list(groups)
        for kind in Kind:
            self._set(
                (result.model, result.attribute, kind.value, result.window),
                disclosable_state(result, k, kind),
                is_new=is_new,
            )
            onsets = [
                each.onset_s
                for group in shown
                for each in group.evidence
                if KIND_OF_TEST[each.test] is kind and each.onset_s is not None
            ]
            self._onset.drop(result.model, result.attribute, kind.value)
            if onsets:
                self._onset.set((result.model, result.attribute, kind.value), min(onsets))

    def alarm(self, alert: Alert, model: ModelPolicy) -> None:
        """Show a breach at once, before a window closes."""
        kind = KIND_OF_TEST[alert.test]
        if alert.change == "breach" and min(alert.n, alert.n_reference) >= model.privacy.k:
            for window in model.windows:
                self._set((alert.model, alert.attribute, kind.value, window.name), State.BREACH, is_new=True)
            self._onset.set((alert.model, alert.attribute, kind.value), alert.onset_s)

    def drop(self, model: str) -> None:
        """Remove the states of a model that another process owns now."""
        self._level.drop(model)
        self._onset.drop(model)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (instrument.family() for instrument in (self._level, self._onset, self._transitions))

    def _set(self, labels: tuple[str, str, str, str], state: State, *, is_new: bool) -> None:
        before = self._level.rows().get(labels)
        self._level.set(labels, LEVELS[state])
        if is_new and before is not None and before != LEVELS[state]:
            self._transitions.add((*labels, state.value))
