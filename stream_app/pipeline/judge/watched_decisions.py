"""Decisions: every group and intersection is tested and judged, scores too where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream_app.core.fairness.pairs import State
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.progress import ClosedPane, Entry
from stream_app.pipeline.judge.alerts import Alert, Stamp, Stretch, alert_of
from stream_app.pipeline.judge.causes import Explainer, labelled
from stream_app.pipeline.judge.pair_watch import PairWatch
from stream_app.pipeline.judge.results import Result, shown_groups
from stream_app.pipeline.judge.score_watch import ScoreWatch
from stream_app.pipeline.judge.verdicts import Counted, judge_window
from stream_app.pipeline.judge.watched import INSUFFICIENT, PUBLISHED, SUPPRESSED, LookBack, Telling, tally_config_of
from stream_app.pipeline.layout import layout_of
from stream_app.policy import ModelPolicy

WATCH: Entry = ("watch",)
SCORES: Entry = ("scores",)


class WatchedDecisions:
    """A model of kind ``decisions``; a ``Watched``.

    Args:
        model: Its policy.
        held: Its entries in the state topic; empty at the very first start.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(self, model: ModelPolicy, held: Mapping[Entry, list[bytes]]) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = False
        self._model, self._layout = model, layout_of(model)
        self._watch = PairWatch(model, self._layout, held_bytes(held, WATCH))
        score = model.score
        self._scores = ScoreWatch(model, score, self._layout, held_bytes(held, SCORES)) if score is not None else None
        self._is_changed = False

    def feed(self, pane: ClosedPane, look_back: LookBack) -> list[Alert]:
        """Take in a closed pane, once and in order of event time; return what was found by it."""
        self._is_changed = True
        views: dict[int, tuple[Explainer, Stretch, Stamp]] = {}  # by onset: many pairs of one cause break together
        alerts = []
        for alarm in self._watch.feed(pane):
            if alarm.onset_s not in views:
                stretch, stamp = look_back(alarm.onset_s)
                rows = labelled(self._layout, stretch.cells)
                views[alarm.onset_s] = (Explainer(self._model, self._layout, rows), stretch, stamp)
            explainer, stretch, stamp = views[alarm.onset_s]
            alerts.append(alert_of(self._model, explainer, alarm, self._watch.pairs[alarm.pair], stretch, stamp))
        return alerts + (self._scores.feed(pane, look_back) if self._scores is not None else [])

    def tell(self, cells: Cells, counted: Counted) -> Telling:
        """Judge a window or the running totals."""
        self._is_changed |= counted.is_close
        results = judge_window(self._model, self._layout, cells, self._watch, counted)
        if self._scores is not None:
            results = self._scores.add_to(results, counted.span.window, cells, is_close=counted.is_close)
        return Telling(fate=_fate_of(results, self._model.privacy.k), results=results)

    def take_changes(self) -> list[tuple[Entry, bytes]]:
        """Return the state of the tests if it changed since the last call."""
        if not self._is_changed:
            return []
        self._is_changed = False
        scores = [(SCORES, self._scores.state())] if self._scores is not None else []
        return [(WATCH, self._watch.state()), *scores]


def held_bytes(held: Mapping[Entry, list[bytes]], entry: Entry) -> bytes | None:
    """Return one entry of a state, its pieces joined; None where it is missing."""
    return b"".join(held[entry]) if entry in held else None


def _fate_of(results: Iterable[Result], k: int) -> str:
    told = list(results)
    if not any(shown_groups(result, k).shown for result in told):
        return SUPPRESSED
    if all(result.state is State.INSUFFICIENT for result in told):
        return INSUFFICIENT
    return PUBLISHED
