"""Decisions: every group and intersection is tested and judged, scores and proxies too where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.pipeline.disclosure.results import shown_groups
from stream_app.pipeline.judge.gate.alert_counts import alerted_pair
from stream_app.pipeline.judge.gate.release_gate import ReleaseGate
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.pairs import PairMonitor
from stream_app.pipeline.judge.state import MONITOR, PROXIES, SCORES, StoredEntries, stored_bytes
from stream_app.pipeline.judge.subjects.proxies import ProxyTests
from stream_app.pipeline.judge.subjects.scores import ScoreTests
from stream_app.pipeline.judge.subjects.subject import (
    LookBack,
    Subject,
    WindowVerdicts,
    disposition_of,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.alerts import alert_of
from stream_app.pipeline.judge.verdicts.causes import Explainer, label_cells
from stream_app.pipeline.judge.verdicts.decisions import judge_window
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import can_compare_any, layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy


class DecisionsSubject:
    """A model of kind ``decisions``; a ``Subject``.

    Args:
        model: Its policy.
        stored: Its entries in the changelog topic; empty at the very first start.
        history: The tested periods, in which onsets are searched; None for none.
        leaves_out: See ``EarlyTotals``.

    Raises:
        StateError: the state cannot be read.
    """

    def __init__(
        self,
        model: ModelPolicy,
        stored: StoredEntries,
        history: PeriodHistory | None = None,
        *,
        leaves_out: bool = True,
    ) -> None:
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = False
        self._model, self._layout = model, layout_of(model)
        self._monitor = PairMonitor(model, self._layout, stored_bytes(stored, MONITOR), history)
        score = model.score
        self._scores = (
            ScoreTests(model, score, self._layout, stored_bytes(stored, SCORES), history) if score is not None else None
        )
        self._proxies = (
            ProxyTests(model, self._layout, stored_bytes(stored, PROXIES), history) if model.proxies else None
        )
        self._gate = ReleaseGate(model, self._layout, stored, leaves_out=leaves_out)
        self._is_changed = False

    def continue_tests(self, former: Subject) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        assert isinstance(former, DecisionsSubject)
        self._is_changed = True
        self._gate.continue_releases()
        monitor, scores, proxies = former._monitor, former._scores, former._proxies  # noqa: SLF001  # of the same class
        continued = self._monitor.continue_tests(monitor)
        if self._scores is not None and scores is not None:
            continued += self._scores.continue_tests(scores)
        if proxies is not None:  # breaches of proxies that are gone have ended, which is reported
            continued += (self._proxies or ProxyTests(self._model, self._layout, None)).continue_tests(proxies)
        return continued

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Take in a comparison period, once and in order of event time; return the alerts that it causes."""
        self._is_changed = True
        alerts = self._alerts(period, look_back)
        alerts += self._scores.feed(period, look_back, self._gate.alerts) if self._scores is not None else []
        return alerts + (self._proxies.feed(period, look_back) if self._proxies is not None else [])

    def judge(self, cells: Cells, context: WindowContext) -> WindowVerdicts:
        """Judge a window or the running totals."""
        self._is_changed |= context.is_close
        results = self._results(cells, context)
        rejudge = partial(self._results, context=replace(context, is_close=False))
        results = self._gate.release(results, cells, context, rejudge)
        if self._proxies is not None:
            results += self._proxies.judge(cells, context)
        disposition = disposition_of(
            (result.state for result in results),
            is_any_shown=any(shown_groups(result, self._model.privacy.k).shown for result in results),
        )
        return WindowVerdicts(disposition=disposition, results=results)

    def can_compare(self, cells: Cells) -> bool:
        """Return whether a comparison period has decisions of any group and of its reference."""
        return can_compare_any(self._model, self._layout, cells)

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return the state of the tests and of the release gate."""
        return [*self._test_state(), *self._gate.state()]

    def take_changes(self) -> Sequence[tuple[StateKey, bytes | None]]:
        """Return what of it changed since the last call."""
        is_changed, self._is_changed = self._is_changed, False
        return [*(self._test_state() if is_changed else []), *self._gate.take_changes()]

    def _results(self, cells: Cells, context: WindowContext) -> list[Result]:
        observed = self._monitor.observe(context.span.window, cells, is_close=context.is_close)
        results = judge_window(self._model, self._layout, cells, observed, context)
        if self._scores is None:
            return results
        return self._scores.add_to(results, context.span.window, cells, is_close=context.is_close)

    def _test_state(self) -> list[tuple[StateKey, bytes]]:
        scores = [(SCORES, self._scores.state())] if self._scores is not None else []
        proxies = [(PROXIES, self._proxies.state())] if self._proxies is not None else []
        return [(MONITOR, self._monitor.state()), *scores, *proxies]

    def _alerts(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        # By time range: many pairs break together for one cause.
        explainers: dict[tuple[int, int], Explainer] = {}
        alerts = []
        for alarm in self._monitor.feed(period):
            pair = self._monitor.pairs[alarm.pair]
            onset_counts, provenance = look_back.released(self._gate.alerts, alarm.onset_s, alerted_pair(pair))
            start_s, end_s, cells, *_ = onset_counts
            if (start_s, end_s) not in explainers:
                periods = partial(look_back.periods_within, start_s, end_s)
                rows = label_cells(self._layout, cells)
                explainers[start_s, end_s] = Explainer(self._model, self._layout, rows, periods=periods)
            alerts.append(alert_of(self._model, explainers[start_s, end_s], alarm, pair, onset_counts, provenance))
        return alerts
