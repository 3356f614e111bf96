"""What metrics say about a model whose alerts are sealed everywhere: that it has a breach, and nothing about whom.

Its rows are those of one attribute named ``sealed``, so rules, notifications and panels work as for every other model.
"""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.edges.metrics.incidents import Incidents
from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import ModelPolicy

SEALED = "sealed"  # in place of an attribute

_Test = tuple[str, str, str, str]  # name of the model or of its outcomes, attribute, group, test


def is_sealed(model: ModelPolicy) -> bool:
    """Return whether metrics and notifications may not say whom an alert is about."""
    return model.sealing is not None and model.sealing.scope == "everywhere"


class SealedMetrics:
    """Rows of the models that are sealed everywhere.

    Args:
        incidents: Where the level of a model is shown.
        window_end: Where the end of its newest windows is shown.
    """

    def __init__(self, incidents: Incidents, window_end: Gauge) -> None:
        self._incidents, self._window_end = incidents, window_end
        self._models: set[str] = set()
        self._open: set[_Test] = set()

    @staticmethod
    def n_series(n_windows: int) -> int:
        """Return the maximum number of series of a model: its level, and the end of each window."""
        return 1 + n_windows

    def follow(self, model: ModelPolicy) -> None:
        """Show a model by another policy from now on."""
        if is_sealed(model):
            self._models.add(model.name)
        elif model.name in self._models:
            self.drop(model.name)
            self._models.remove(model.name)

    def take(self, results: Iterable[Result | OutcomeResult], alerts: Iterable[Alert]) -> None:
        """Take in results, alarms and recoveries, or the open breaches of a model that another process owned."""
        reached: set[str] = set()
        for result in results:
            name = model_of(result.model)
            if name in self._models and result.window != TOTAL_WINDOW:
                reached.add(name)
                labels = (name, SEALED, result.window)
                end_s = max(result.end_s, int(self._window_end.rows().get(labels, result.end_s)))
                self._window_end.set(labels, end_s)
        for alert in alerts:
            test = (alert.model, alert.attribute, alert.group, alert.test.value)
            (self._open.add if alert.change == "breach" else self._open.discard)(test)
            reached |= {model_of(alert.model)} & self._models
        for name in reached:
            self._incidents.show_sealed(name, SEALED, is_breach=self._is_open(name))

    def drop(self, name: str) -> None:
        """Remove the state of a model, or of its outcomes, that another process owns now."""
        self._open = {test for test in self._open if test[0] != name}
        if name in self._models:
            self._window_end.drop(name)
            self._incidents.drop_sealed(name, SEALED)

    def _is_open(self, name: str) -> bool:
        return any(model_of(test[0]) == name for test in self._open)
