"""Which breaches have one cause in common: those of an attribute and of its intersections are one incident.

A breach of "gender" shows in "gender+race" too. The attribute (or the smallest intersection) that the others contain
names the incident, which ends with the breach of that attribute. Its intersections have fewer decisions, so they
recover later: they are left alone for a while, and only one that is still in breach then is an incident of its own.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Iterator, Mapping

from prometheus_client import Metric

from stream_app.core.groups.comparison import State
from stream_app.edges.metrics.alert_levels import LEVELS, Limit
from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.records.evidence import OUTCOME_KINDS, LimitKind
from stream_app.pipeline.records.results import CROSS

LEFT_ALONE_S = 900  # event time in which intersections may recover after the attribute that named their incident


class About(enum.StrEnum):
    """What an incident is about."""

    DECISIONS = "decisions"
    SCORES = "scores"
    OUTCOMES = "outcomes"


def about_of(kind: LimitKind) -> About:
    """Return what a kind of limit is about."""
    if kind in OUTCOME_KINDS:
        return About.OUTCOMES
    return About.SCORES if kind is LimitKind.SCORE else About.DECISIONS


class Incidents:
    """The level of each incident: that of its worst breach; 0 for attributes that another one stands for."""

    def __init__(self) -> None:
        self._level = Gauge(
            "fairstream_incident_level",
            "State of an attribute and its intersections under all limits; 0 if another attribute stands for it.",
            ("model", "attribute", "about"),
        )
        self._names: dict[tuple[str, About], list[str]] = {}
        self._left_s: dict[tuple[str, About], dict[str, int]] = {}  # end of the time in which it is left alone

    @staticmethod
    def n_series(n_topics: int) -> int:
        """Return the maximum number of series of an attribute."""
        return n_topics

    def show(self, model: str, states: Mapping[Limit, State], now_s: int) -> None:
        """Take in the states of all limits of a model.

        Args:
            model: Its name.
            states: The state of each limit.
            now_s: How far event time has come.
        """
        for about in About:
            own = [(limit.attribute, state) for limit, state in states.items() if about_of(limit.kind) is about]
            levels: dict[str, State] = {}
            for attribute, state in own:
                levels[attribute] = max(levels.get(attribute, State.OK), state, key=LEVELS.__getitem__)
            self._show(model, about, levels, now_s)

    def restore(
        self,
        model: str,
        states: Mapping[Limit, State],
        alarmed_s: Mapping[Limit, int],
        recovered_s: Mapping[Limit, int],
    ) -> None:
        """Leave those alone that another process left alone; to be called before ``show``.

        Args:
            model: Its name.
            states: The state of each limit.
            alarmed_s: When the first alarm of its open breaches was raised; a limit without one is older than all.
            recovered_s: When its last breach ended.
        """
        for about in About:
            own = [limit for limit in states if about_of(limit.kind) is about]
            breached: dict[str, int] = {}  # since when
            for limit in own:
                if states[limit] is State.BREACH:
                    since_s = alarmed_s.get(limit, 0)
                    breached[limit.attribute] = min(since_s, breached.get(limit.attribute, since_s))
            ended = [(limit.attribute, recovered_s[limit]) for limit in own if limit in recovered_s]
            ended = [(attribute, end_s) for attribute, end_s in ended if attribute not in breached]
            left_s = self._left_s.setdefault((model, about), {})
            for attribute in sorted(breached, key=lambda attribute: attribute.count(CROSS)):
                since_s = breached[attribute]
                ends = [end_s for name, end_s in ended if _is_within(name, attribute) and since_s <= end_s]
                if not ends and _name_of(attribute, left_s):
                    ends = [since_s]
                if ends:
                    left_s.setdefault(attribute, max(ends) + LEFT_ALONE_S)

    def name_of(self, model: str, about: About, attribute: str) -> str:
        """Return the name of the incident that a breach of an attribute belongs to; its own for one that was left."""
        return _name_of(attribute, self._names.get((model, about), ())) or attribute

    def show_sealed(self, model: str, name: str, *, is_breach: bool) -> None:
        """Show whether a model has any breach, under a name that says nothing about it."""
        self._level.set((model, name, About.DECISIONS.value), LEVELS[State.BREACH if is_breach else State.OK])

    def drop_sealed(self, model: str, name: str) -> None:
        """Remove the row of ``show_sealed``."""
        self._level.drop(model, name)

    def drop(self, model: str, abouts: Collection[About]) -> None:
        """Remove the incidents of a model that another process owns now."""
        for about in abouts:
            self._names.pop((model, about), None)
            self._left_s.pop((model, about), None)
            for labels in [labels for labels in self._level.rows() if (labels[0], labels[2]) == (model, about.value)]:
                self._level.drop(*labels)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        yield self._level.family()

    def _show(self, model: str, about: About, states: Mapping[str, State], now_s: int) -> None:
        breached = [attribute for attribute, state in states.items() if state is State.BREACH]
        ended = [name for name in self._names.get((model, about), ()) if name not in breached]
        left_s = {
            attribute: until_s
            for attribute, until_s in self._left_s.get((model, about), {}).items()
            if attribute in breached and until_s > now_s
        }
        for attribute in breached:
            if _name_of(attribute, ended):
                left_s[attribute] = now_s + LEFT_ALONE_S
            elif _name_of(attribute, left_s):
                left_s.setdefault(attribute, now_s + LEFT_ALONE_S)
        names = name_incidents(attribute for attribute in breached if attribute not in left_s)
        self._names[model, about], self._left_s[model, about] = names, left_s
        warned = (attribute for attribute, state in states.items() if state is State.WARNING)
        warnings = name_incidents(attribute for attribute in warned if not _name_of(attribute, (*names, *left_s)))
        for attribute, state in states.items():
            if attribute in names:
                level = State.BREACH
            elif attribute in warnings:
                level = State.WARNING
            else:
                level = State.INSUFFICIENT if state is State.INSUFFICIENT else State.OK
            self._level.set((model, attribute, about.value), LEVELS[level])


def name_incidents(breached: Iterable[str]) -> list[str]:
    """Return the attributes, or attributes joined by ``+``, that stand for all that are in breach.

    >>> name_incidents(["gender+race", "gender", "age"])
    ['age', 'gender']
    """
    names: list[str] = []
    for attribute in sorted(breached, key=lambda attribute: (attribute.count(CROSS), attribute)):
        if _name_of(attribute, names) is None:
            names.append(attribute)
    return names


def _name_of(attribute: str, names: Iterable[str]) -> str | None:
    """Return the name, the smallest first, that an attribute belongs to."""
    found = [name for name in names if _is_within(name, attribute)]
    return min(found, key=lambda name: (name.count(CROSS), name), default=None)


def _is_within(name: str, attribute: str) -> bool:
    """Return whether an attribute is the named one or an intersection of it."""
    return set(name.split(CROSS)) <= set(attribute.split(CROSS))
