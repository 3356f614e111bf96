"""Values about outcomes as metric rows: only what may be disclosed, only when a window closes.

The share of decisions without an outcome comes from the running totals, as of the last closed window.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric

from stream_app.edges.metrics.alert_levels import AlertLevels, Limit
from stream_app.edges.metrics.fairness_values import EvidenceValues
from stream_app.edges.metrics.limit_state import TestedGroup
from stream_app.edges.metrics.outcome_values import OutcomeValues
from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from stream_app.pipeline.disclosure.rules import is_small
from stream_app.pipeline.judge.questions import outcome_questions
from stream_app.pipeline.records.evidence import KIND_OF_TEST, OUTCOME_KINDS
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.policy import ModelPolicy


class OutcomeMetrics:
    """Rows about the outcomes of all models; evidence and states are rows of the same metrics as those of decisions.

    Args:
        evidence: The rows of evidence.
        levels: The rows of states.
    """

    def __init__(self, evidence: EvidenceValues, levels: AlertLevels) -> None:
        self._evidence, self._levels = evidence, levels
        self._values = OutcomeValues()
        self._ends_s: dict[tuple[str, str, str], int] = {}
        self._totals: dict[tuple[str, str], OutcomeResult] = {}

    def show(self, result: OutcomeResult, model: ModelPolicy, *, is_new: bool) -> None:
        """Show a result of a closed window, or keep running totals for the next one."""
        if result.window == TOTAL_WINDOW:
            self._totals[model.name, result.attribute] = result
            if is_new:  # a new owner shows restored totals immediately
                return
        else:
            key = (model.name, result.attribute, result.window)
            if result.end_s < self._ends_s.get(key, result.end_s):  # a revision of an older window
                return
            self._ends_s[key] = result.end_s
            self._show(result, model, is_new=is_new)
        self._show_waiting(result.attribute, model)

    def drop(self, model: str) -> None:
        """Remove the values of a model that another process owns now."""
        self._values.drop(model)
        self._evidence.drop(model, OUTCOME_KINDS)
        self._levels.drop(model, OUTCOME_KINDS)
        self._ends_s = {key: end_s for key, end_s in self._ends_s.items() if key[0] != model}
        self._totals = {key: total for key, total in self._totals.items() if key[0] != model}

    def families(self) -> Iterator[Metric]:
        """Return all rows of values."""
        return self._values.families()

    def _show(self, result: OutcomeResult, model: ModelPolicy, *, is_new: bool) -> None:
        k = model.privacy.k
        groups = [group for group in disclose_outcomes(result, k).groups if group.hidden is None]
        self._values.show(model.name, result.attribute, result.window, groups)
        tests = [(group.group, test) for group in groups for test in group.evidence]
        self._evidence.show(model.name, result.attribute, tests, OUTCOME_KINDS)
        n_reference = sum(group.n for group in result.groups if group.group == result.reference)
        for kind in (question.kind for question in outcome_questions(model)):
            tested = [
                TestedGroup(
                    group.group,
                    tuple(test for test in group.evidence if KIND_OF_TEST[test.test] is kind),
                    is_shown=not is_small(group.n, n_reference, k),
                )
                for group in result.groups
            ]
            limit = Limit(model.name, result.attribute, kind)
            self._levels.show(limit, model, result.window, tested, is_plainly_broken=False, is_new=is_new)

    def _show_waiting(self, attribute: str, model: ModelPolicy) -> None:
        total = self._totals.get((model.name, attribute))
        if total is not None:
            groups = disclose_outcomes(total, model.privacy.k).groups
            self._values.show_waiting(model.name, attribute, groups)
