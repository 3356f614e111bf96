"""Outcomes of decisions: tested and judged for every single attribute.

Their event time is that at which they came, so a window holds the outcomes that came in it, whenever their decisions
were made.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stream_app.core.groups.comparison import State, worst_of
from stream_app.core.privacy.disclosure import disclose
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPane, StateKey
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of
from stream_app.pipeline.judge.monitors.gaps import GapMonitor
from stream_app.pipeline.judge.monitors.questions import outcome_questions, question_of
from stream_app.pipeline.judge.subjects.decisions import MONITOR, stored_bytes
from stream_app.pipeline.judge.subjects.subject import (
    INSUFFICIENT,
    PUBLISHED,
    SUPPRESSED,
    LookBack,
    WindowVerdicts,
    tally_config_of,
)
from stream_app.pipeline.judge.verdicts.decisions import WindowContext
from stream_app.pipeline.judge.verdicts.outcomes import judge_outcomes
from stream_app.pipeline.judge.verdicts.question_alerts import alert_about
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import Evidence
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.policy import ModelPolicy, outcome_layout_hash


class OutcomesSubject:
    """The outcomes of a model; a ``Watched``.

    Args:
        model: Its policy, with an outcome.
        held: Its entries in the state topic; empty at the very first start.

    Raises:
        StateError: the state cannot be read.
        ValueError: the model has no outcome.
    """

    def __init__(self, model: ModelPolicy, held: Mapping[StateKey, list[bytes]]) -> None:
        self.name, self.layout_hash = outcomes_name(model.name), outcome_layout_hash(model)
        self.tally_config = tally_config_of(model, is_outcomes=True)
        self.is_public = False
        self._model, self._layout = model, outcome_layout_of(model)
        self._questions = outcome_questions(model)
        log_threshold = log_thresholds_of(model).get(BudgetFamily.OUTCOMES)
        self._watch = GapMonitor(model, self._layout, self._questions, log_threshold, stored_bytes(held, MONITOR))
        self._is_changed = False

    def feed(self, pane: ClosedPane, look_back: LookBack) -> list[Alert]:
        """Take in a closed pane, once and in order of event time; return what was found by it."""
        self._is_changed = True
        alerts = []
        for alarm in self._watch.feed(pane):
            question, pair = question_of(alarm.test, self._questions), self._watch.pairs[alarm.pair]
            time_range, stamp = look_back(alarm.onset_s)
            alerts.append(alert_about(question, self.name, self._model, self._layout, alarm, pair, time_range, stamp))
        return alerts

    def tell(self, cells: Cells, counted: WindowContext) -> WindowVerdicts:
        """Judge a window or the running totals."""
        self._is_changed |= counted.is_close
        evidence = self._watch.judge(counted.span.window, cells, is_close=counted.is_close)
        results = [
            _with_evidence(result, evidence)
            for result in judge_outcomes(
                self._model,
                self._layout,
                cells,
                counted.span,
                revision=counted.revision,
                offsets=counted.offsets,
                policy_hash=counted.policy_hash,
            )
        ]
        return WindowVerdicts(disposition=_disposition_of(results, self._model.privacy.k), outcome_results=results)

    def take_changes(self) -> list[tuple[StateKey, bytes]]:
        """Return the state of the tests if it changed since the last call."""
        is_changed, self._is_changed = self._is_changed, False
        return [(MONITOR, self._watch.state())] if is_changed else []


def _with_evidence(result: OutcomeResult, told: Mapping[tuple[str, str], tuple[Evidence, ...]]) -> OutcomeResult:
    groups = []
    for group in result.groups:
        evidence = told.get((result.attribute, group.group), ())
        state = worst_of(each.state for each in evidence) if evidence else None
        groups.append(msgspec.structs.replace(group, evidence=evidence, state=state))
    return msgspec.structs.replace(result, groups=tuple(groups), state=worst_of(group.state for group in groups))


def _disposition_of(results: list[OutcomeResult], k: int) -> str:
    if not any(disclose({group.group: group.n for group in result.groups}, k).shown for result in results):
        return SUPPRESSED
    return INSUFFICIENT if all(result.state is State.INSUFFICIENT for result in results) else PUBLISHED
