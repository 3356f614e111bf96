"""The open breaches of each model: their incidents and their facts, put together from the states of all limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prometheus_client import Metric

from stream_app.edges.metrics.alert_levels import AlertLevels, limits_of
from stream_app.edges.metrics.breach_rows import BreachedPair, BreachRows, exported_of
from stream_app.edges.metrics.incidents import Incidents, about_of
from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind
from stream_app.policy import ModelPolicy

_Shown = tuple[list[BreachedPair], dict[tuple[str, str], int]]


class OpenBreachMetrics:
    """Rows about what is in breach now.

    Args:
        levels: The states of all limits.

    Attributes:
        incidents: The level of each incident.
    """

    def __init__(self, levels: AlertLevels) -> None:
        self._levels = levels
        self.incidents, self._rows = Incidents(), BreachRows()
        self._shown: dict[str, _Shown] = {}
        self._now_s: dict[str, int] = {}

    def show(self, model: ModelPolicy, now_s: int = 0) -> None:
        """Show the open breaches of a model; rows that say the same as before are not made again.

        Args:
            model: Its policy.
            now_s: How far event time has come, as far as that is known.
        """
        now_s = self._now_s[model.name] = max(now_s, self._now_s.get(model.name, 0))
        self.incidents.show(model.name, self._levels.states(model.name), now_s)
        limits = limits_of(model)
        pairs = []
        for alert in self._levels.alerts(model.name):
            kind = KIND_OF_TEST[alert.test]
            incident = self.incidents.name_of(model.name, about_of(kind), alert.attribute)
            pairs.append(BreachedPair(alert, limits[kind], incident))
        shown = pairs, self._levels.n_in_breach(model.name)
        if shown != self._shown.get(model.name):
            self._shown[model.name] = shown
            self._rows.show(model, *shown)

    def restore(self, model: str) -> None:
        """Take over which intersections are left alone from another process; to be called after the levels were."""
        levels = self._levels
        self.incidents.restore(model, levels.states(model), levels.alarmed_s(model), levels.recovered_s(model))

    def exported_groups(self, model: str, attribute: str) -> set[str]:
        """Return the groups of an attribute whose facts are exported."""
        pairs, _ = self._shown.get(model, ([], {}))
        return {pair.alert.group for pair in exported_of(pairs) if pair.alert.attribute == attribute}

    def drop(self, model: ModelPolicy | None, kinds: Collection[LimitKind]) -> None:
        """Remove the rows of a model that another process owns now; to be called after its levels were dropped."""
        if model is None:
            return
        self.incidents.drop(model.name, {about_of(kind) for kind in kinds})
        self.show(model)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        yield from self.incidents.families()
        yield from self._rows.families()
