"""Outcomes of decisions: tested and judged for every single attribute.

Their event time is the time at which they came, so a window contains the outcomes that came in it, whenever their
decisions were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import msgspec

from stream_app.core.groups.comparison import worst_of
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.history import PeriodHistory
from stream_app.core.windows.tally_changes import ClosedPeriod, StateKey
from stream_app.pipeline.disclosure.outcomes import shown_outcomes
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of
from stream_app.pipeline.judge.gate.outcome_gate import OutcomeGate
from stream_app.pipeline.judge.monitors.continued_tests import ContinuedTests
from stream_app.pipeline.judge.monitors.gaps import GapMonitor
from stream_app.pipeline.judge.questions import outcome_questions, question_of
from stream_app.pipeline.judge.state import MONITOR, StoredEntries, stored_bytes
from stream_app.pipeline.judge.subjects.subject import (
    LookBack,
    Subject,
    WindowVerdicts,
    disposition_of,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.outcomes import judge_outcomes
from stream_app.pipeline.judge.verdicts.question_alerts import alert_about
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import can_compare, outcome_layout_of
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import Evidence, state_under
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.policy import ModelPolicy, outcome_layout_hash


class OutcomesSubject:
    """The outcomes of a model; a ``Subject``.

    Args:
        model: Its policy, with an outcome.
        stored: Its entries in the changelog topic; empty at the very first start.
        history: The tested periods, in which onsets are searched; None for none.

    Raises:
        StateError: the state cannot be read.
        ValueError: the model has no outcome.
    """

    def __init__(self, model: ModelPolicy, stored: StoredEntries, history: PeriodHistory | None = None) -> None:
        self.name, self.layout_hash = outcomes_name(model.name), outcome_layout_hash(model)
        self.tally_config = tally_config_of(model, is_outcomes=True)
        self.is_public = False
        self._model, self._layout = model, outcome_layout_of(model)
        self._questions = outcome_questions(model)
        log_threshold = log_thresholds_of(model).get(BudgetFamily.OUTCOMES)
        state = stored_bytes(stored, MONITOR)
        self._monitor = GapMonitor(model, self._layout, self._questions, log_threshold, state, history)
        self._gate = OutcomeGate(model, self._layout, stored)
        self._is_changed = False

    def continue_tests(self, former: Subject) -> ContinuedTests:
        """Continue what the tests of a former policy know."""
        assert isinstance(former, OutcomesSubject)
        self._is_changed = True
        self._gate.continue_releases()
        return self._monitor.continue_tests(former._monitor)  # noqa: SLF001  # of the same class

    def feed(self, period: ClosedPeriod, look_back: LookBack) -> list[Alert]:
        """Take in a comparison period, once and in order of event time; return the alerts that it causes."""
        self._is_changed = True
        alerts = []
        for alarm in self._monitor.feed(period):
            question, pair = question_of(alarm.test, self._questions), self._monitor.pairs[alarm.pair]
            seen, provenance = look_back(alarm.onset_s)
            seen = seen._replace(is_rounded=self._model.privacy.k > 1)  # its range of time does not pass the gate
            alerts.append(alert_about(question, self.name, self._model, self._layout, alarm, pair, seen, provenance))
        return alerts

    def judge(self, cells: Cells, context: WindowContext) -> WindowVerdicts:
        """Judge a window or the running totals."""
        self._is_changed |= context.is_close
        results = self._results(cells, context)
        rejudge = partial(self._results, context=replace(context, is_close=False))
        results = self._gate.release(results, cells, context, rejudge)
        disposition = disposition_of(
            (result.state for result in results),
            is_any_shown=any(shown_outcomes(result, self._model.privacy.k).shown for result in results),
        )
        return WindowVerdicts(disposition=disposition, outcome_results=results)

    def can_compare(self, cells: Cells) -> bool:
        """Return whether a comparison period has decisions of any group and of its reference."""
        return can_compare(self._layout, self._model.attributes, cells)

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return the state of the tests and of the release gate."""
        return [(MONITOR, self._monitor.state()), *self._gate.state()]

    def take_changes(self) -> Sequence[tuple[StateKey, bytes | None]]:
        """Return what of it changed since the last call."""
        is_changed, self._is_changed = self._is_changed, False
        tests: list[tuple[StateKey, bytes | None]] = [(MONITOR, self._monitor.state())] if is_changed else []
        return [*tests, *self._gate.take_changes()]

    def _results(self, cells: Cells, context: WindowContext) -> list[OutcomeResult]:
        evidence = self._monitor.judge(context.span.window, cells, is_close=context.is_close)
        return [
            _with_evidence(result, evidence) for result in judge_outcomes(self._model, self._layout, cells, context)
        ]


def _with_evidence(result: OutcomeResult, evidence: Mapping[tuple[str, str], tuple[Evidence, ...]]) -> OutcomeResult:
    groups = []
    for group in result.groups:
        of_group = evidence.get((result.attribute, group.group), ())
        groups.append(msgspec.structs.replace(group, evidence=of_group, state=state_under(of_group)))
    return msgspec.structs.replace(result, groups=tuple(groups), state=worst_of(group.state for group in groups))
