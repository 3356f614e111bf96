"""Amounts: the mean of every group and intersection is tested, means and quantiles of windows are compared."""

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
from stream_app.pipeline.judge.monitors.amounts import AmountMonitor
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.state import MONITOR, StoredEntries, stored_bytes
from stream_app.pipeline.judge.subjects.subject import (
    LookBack,
    Subject,
    WindowVerdicts,
    disposition_of,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.amounts.alerts import amount_alert
from stream_app.pipeline.judge.verdicts.amounts.comparisons import AmountWindow
from stream_app.pipeline.judge.verdicts.amounts.results import judge_amounts
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import amount_scale_of, can_compare, layout_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.results import Result
from stream_app.policy import ModelPolicy


class AmountsSubject:
    """A model of kind ``amounts``; a ``Subject``.

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
        scale = amount_scale_of(model)
        assert scale is not None
        self.name, self.layout_hash = model.name, model.layout_hash()
        self.tally_config = tally_config_of(model)
        self.is_public = False
        self._model, self._layout, self._scale = model, layout_of(model), scale
        self._monitor = AmountMonitor(model, self._layout, scale, stored_bytes(stored, MONITOR), history)
        self._gate = ReleaseGate(model, self._layout, stored, leaves_out=leaves_out)
        self._is_changed = False

    def continue_tests(self, former: Subject) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        assert isinstance(former, AmountsSubject)
        self._is_changed = True
        self._gate.continue_releases()
        return self._monitor.continue_tests(former._monitor)  # noqa: SLF001  # of the same class

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Take in a comparison period, once and in order of event time; return the alerts that it causes."""
        self._is_changed = True
        alerts = []
        for alarm in self._monitor.feed(period):
            pair = self._monitor.pairs[alarm.pair]
            onset_counts, provenance = look_back.released(self._gate.alerts, alarm.onset_s, alerted_pair(pair))
            seen = AmountWindow(self._model, self._layout, self._scale, onset_counts.cells, [pair])
            alerts.append(amount_alert(self._model, seen, alarm, onset_counts, provenance))
        return alerts

    def judge(self, cells: Cells, context: WindowContext) -> WindowVerdicts:
        """Judge a window or the running totals."""
        self._is_changed |= context.is_close
        results = self._results(cells, context)
        rejudge = partial(self._results, context=replace(context, is_close=False))
        results = self._gate.release(results, cells, context, rejudge)
        disposition = disposition_of(
            (result.state for result in results),
            is_any_shown=any(shown_groups(result, self._model.privacy.k).shown for result in results),
        )
        return WindowVerdicts(
            disposition=disposition, amount_results=[result for result in results if isinstance(result, AmountResult)]
        )

    def can_compare(self, cells: Cells) -> bool:
        """Return whether a comparison period has decisions of any group and of its reference."""
        return can_compare(self._layout, self._model.attributes, cells)

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return the state of the tests and of the release gate."""
        return [(MONITOR, self._monitor.state()), *self._gate.state()]

    def take_changes(self) -> Sequence[tuple[StateKey, bytes | None]]:
        """Return what of it changed since the last call."""
        is_changed, self._is_changed = self._is_changed, False
        own = [(MONITOR, self._monitor.state())] if is_changed else []
        return [*own, *self._gate.take_changes()]

    def _results(self, cells: Cells, context: WindowContext) -> list[Result]:
        window = AmountWindow(self._model, self._layout, self._scale, cells, self._monitor.pairs)
        evidence = self._monitor.judge(context.span.window, window.is_few, window.ends(), is_close=context.is_close)
        return [*judge_amounts(self._model, window, evidence, context)]
