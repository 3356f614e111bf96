"""Decisions: every group and intersection is tested and judged, scores too where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream_app.core.groups.comparison import State
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPane, StateKey
from stream_app.pipeline.disclosure.results import shown_groups
from stream_app.pipeline.judge.monitors.pairs import PairMonitor
from stream_app.pipeline.judge.monitors.scores import ScoreMonitor
from stream_app.pipeline.judge.subjects.subject import (
    INSUFFICIENT,
    PUBLISHED,
    SUPPRESSED,
    LookBack,
    WindowVerdicts,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, Provenance, alert_of
from stream_app.pipeline.judge.verdicts.causes import Explainer, labeled
from stream_app.pipeline.judge.verdicts.decisions import WindowContext, judge_window
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy

MONITOR: StateKey = ("monitor",)
SCORES: StateKey = ("scores",)


class DecisionsSubject:
    """A model of kind ``decisions``; a ``Watched``.

    Args:
        model: Its policy.
        held: Its entries in the state topic; empty at the very first start.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(self, model: ModelPolicy, held: Mapping[StateKey, list[bytes]]) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = False
        self._model, self._layout = model, layout_of(model)
        self._watch = PairMonitor(model, self._layout, stored_bytes(held, MONITOR))
        score = model.score
        self._scores = (
            ScoreMonitor(model, score, self._layout, stored_bytes(held, SCORES)) if score is not None else None
        )
        self._is_changed = False

    def feed(self, pane: ClosedPane, look_back: LookBack) -> list[Alert]:
        """Take in a closed pane, once and in order of event time; return what was found by it."""
        self._is_changed = True
        views: dict[
            int, tuple[Explainer, OnsetCounts, Provenance]
        ] = {}  # by onset: many pairs of one cause break together
        alerts = []
        for alarm in self._watch.feed(pane):
            if alarm.onset_s not in views:
                time_range, stamp = look_back(alarm.onset_s)
                rows = labeled(self._layout, time_range.cells)
                views[alarm.onset_s] = (Explainer(self._model, self._layout, rows), time_range, stamp)
            explainer, time_range, stamp = views[alarm.onset_s]
            alerts.append(alert_of(self._model, explainer, alarm, self._watch.pairs[alarm.pair], time_range, stamp))
        return alerts + (self._scores.feed(pane, look_back) if self._scores is not None else [])

    def tell(self, cells: Cells, counted: WindowContext) -> WindowVerdicts:
        """Judge a window or the running totals."""
        self._is_changed |= counted.is_close
        results = judge_window(self._model, self._layout, cells, self._watch, counted)
        if self._scores is not None:
            results = self._scores.add_to(results, counted.span.window, cells, is_close=counted.is_close)
        return WindowVerdicts(disposition=_disposition_of(results, self._model.privacy.k), results=results)

    def take_changes(self) -> list[tuple[StateKey, bytes]]:
        """Return the state of the tests if it changed since the last call."""
        if not self._is_changed:
            return []
        self._is_changed = False
        scores = [(SCORES, self._scores.state())] if self._scores is not None else []
        return [(MONITOR, self._watch.state()), *scores]


def stored_bytes(held: Mapping[StateKey, list[bytes]], entry: StateKey) -> bytes | None:
    """Return one entry of a state, its pieces joined; None where it is missing."""
    return b"".join(held[entry]) if entry in held else None


def _disposition_of(results: Iterable[Result], k: int) -> str:
    told = list(results)
    if not any(shown_groups(result, k).shown for result in told):
        return SUPPRESSED
    if all(result.state is State.INSUFFICIENT for result in told):
        return INSUFFICIENT
    return PUBLISHED
