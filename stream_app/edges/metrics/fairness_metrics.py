"""Fairness values as metric rows: only what may be shown, only at window close, gone when their owner is gone.

Running totals are not exported: a counter of a group that is scraped twice gives the decisions in between. Of an
intersection of attributes only the few groups with most evidence are exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import comb

import msgspec
from prometheus_client import Metric

from stream_app.core.groups.comparison import State
from stream_app.core.privacy.disclosure import Disclosure
from stream_app.edges.metrics.alert_levels import N_OF_KIND, AlertLevels
from stream_app.edges.metrics.fairness_values import (
    N_CAUSE,
    N_CROSSED,
    N_UNDECLARED,
    N_VALUES,
    CauseValues,
    EvidenceValues,
    GroupValues,
)
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.edges.metrics.outcome_metrics import OutcomeMetrics
from stream_app.edges.metrics.outcome_values import N_OUTCOME_VALUES
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.outcomes import shown_outcomes
from stream_app.pipeline.disclosure.results import DisclosedGroup, disclosable_state, disclose_result, shown_groups
from stream_app.pipeline.judge.budget import N_PAIR_TESTS
from stream_app.pipeline.judge.questions import Question, outcome_questions, score_questions
from stream_app.pipeline.names import is_of_outcomes, model_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PAIR_KINDS, LimitKind, state_under, strength_of
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, Result
from stream_app.policy import ModelPolicy, Policy

AnyResult = Result | OutcomeResult

_SMALL, _COMPLEMENTARY = "small_cell", "complementary"
_N_WORST = 3  # groups of an intersection that are exported
_N_EXPLAINED = 2  # groups of an attribute whose cause is exported


class FairnessMetrics:
    """Rows of all models whose judge lane is in this process.

    Args:
        policy: What is watched.
        max_series: Most series that these rows may ever make.

    Raises:
        ConfigError: the policy declares more.
    """

    def __init__(self, policy: Policy, max_series: int) -> None:
        self._models = {model.name: model for model in policy.models if model.kind == "decisions"}
        if (n_series := count_series(policy)) > max_series:
            raise ConfigError(
                f"The policy makes {n_series} fairness series, max_series allows {max_series}",
                action="Declare fewer groups or windows, or raise FAIRSTREAM_MAX_SERIES",
            )
        self._values, self._causes, self._evidence = GroupValues(), CauseValues(), EvidenceValues()
        self._levels = AlertLevels()
        self._outcomes = OutcomeMetrics(self._evidence, self._levels)
        self._end = Gauge(
            "fairstream_window_end_timestamp_seconds",
            "Event time at which the last closed window ended.",
            ("model", "attribute", "window"),
        )
        self._suppressed = Counter(
            "fairstream_cells_suppressed",
            "Groups or cells of closed windows that were hidden.",
            ("model", "attribute", "reason"),
        )
        self._threshold = Gauge(
            "fairstream_threshold_ratio", "Limit of a rule of the policy.", ("model", "attribute", "kind")
        )
        self._reference = Gauge(
            "fairstream_reference_info", "Reference group of an attribute.", ("model", "attribute", "reference")
        )
        for model in policy.models:
            self._start(model)

    def take(self, results: Sequence[AnyResult], alerts: Iterable[Alert]) -> None:
        """Take over what one flush of the judge told, in order of event time: an alarm shows before a window closes."""
        told: list[tuple[int, int, AnyResult | Alert]] = [(alert.at_s, 1, alert) for alert in alerts]
        told += [(result.end_s, 2, result) for result in results if result.window != TOTAL_WINDOW]
        told += [(0, 0, result) for result in results if result.window == TOTAL_WINDOW]
        for _, _, each in sorted(told, key=lambda item: item[:2]):
            if isinstance(each, Alert):
                self._alarm(each)
            else:
                self.show([each], is_new=True)

    def show(self, results: Iterable[AnyResult], *, is_new: bool) -> None:
        """Take over results of closed windows.

        Args:
            results: In the order in which they were made.
            is_new: Whether they were found just now; else they are shown again by a new owner and nothing is counted.
        """
        for result in results:
            model = self._models.get(model_of(result.model))
            if model is None:
                continue
            if isinstance(result, OutcomeResult):
                if is_new and result.window != TOTAL_WINDOW:
                    self._count_hidden(model.name, result.attribute, shown_outcomes(result, model.privacy.k))
                self._outcomes.show(result, model, is_new=is_new)
            elif result.window != TOTAL_WINDOW and not self._is_older(result):
                self._show(result, model, is_new=is_new)

    def suppressed(self, model: str, attribute: str, n_small: int, n_complementary: int) -> None:
        """Count what was hidden."""
        self._suppressed.add((model, attribute, _SMALL), n_small)
        self._suppressed.add((model, attribute, _COMPLEMENTARY), n_complementary)

    def drop(self, name: str) -> None:
        """Remove the values of a model, or of its outcomes, that another process owns now."""
        if is_of_outcomes(name):
            self._outcomes.drop(model_of(name))
            return
        for rows in (self._values, self._causes, self._end):
            rows.drop(name)
        if name in self._models:
            kinds = kinds_of(self._models[name])
            self._evidence.drop(name, kinds)
            self._levels.drop(name, kinds)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        for rows in (self._values, self._evidence, self._causes, self._levels, self._outcomes):
            yield from rows.families()
        for instrument in (self._end, self._suppressed, self._threshold, self._reference):
            yield instrument.family()

    def _start(self, model: ModelPolicy) -> None:
        if model.kind == "counts":
            self.suppressed(model.name, "cell", 0, 0)
            return
        for attribute in model.attributes:
            self.suppressed(model.name, attribute.name, 0, 0)
            self._threshold.set(
                (model.name, attribute.name, LimitKind.RATIO.value), model.rules.min_disparate_impact_ratio
            )
            self._threshold.set((model.name, attribute.name, LimitKind.GAP.value), model.rules.max_gap)
            for question in questions_of(model):
                self._threshold.set((model.name, attribute.name, question.kind.value), question.limit)
            self._reference.set((model.name, attribute.name, attribute.reference or ""), 1)
            self._levels.start(model, attribute.name, (*PAIR_KINDS, *(own.kind for own in questions_of(model))))

    def _alarm(self, alert: Alert) -> None:
        if (model := self._models.get(model_of(alert.model))) is not None:
            self._levels.alarm(alert, model)

    def _count_hidden(self, model: str, attribute: str, release: Disclosure[str]) -> None:
        self.suppressed(model, attribute, len(release.small), len(release.complementary))

    def _is_older(self, result: Result) -> bool:
        """Return whether a result is a revision of a window that is not the newest."""
        key = (result.model, result.attribute, result.window)
        return result.end_s < self._end.rows().get(key, result.end_s)

    def _show(self, result: Result, model: ModelPolicy, *, is_new: bool) -> None:
        k, is_crossed = model.privacy.k, CROSS in result.attribute
        if is_new:
            self._count_hidden(result.model, result.attribute, shown_groups(result, k))
        window = (result.model, result.attribute, result.window)
        groups = [group for group in disclose_result(result, k).groups if group.hidden is None]
        pairs = (group for group in groups if group.evidence and group.group != result.reference)
        worst = sorted(pairs, key=lambda group: strength_of(group.evidence), reverse=True)[:_N_WORST]
        if is_crossed:
            self._values.show(window, map(_without_rate, worst))
        else:
            self._values.show(window, groups)
            self._causes.show(window, worst[:_N_EXPLAINED])
        kinds = PAIR_KINDS if is_crossed else kinds_of(model)
        tests = [(group.group, each) for group in (worst if is_crossed else groups) for each in group.evidence]
        self._evidence.show(result.model, result.attribute, tests, kinds)
        states = {kind: disclosable_state(result, k, kind) for kind in kinds}
        self._levels.show(window, states, [each for group in groups for each in group.evidence], is_new=is_new)
        for kind in kinds:
            if not (model.detection.plain_rules or _is_found(result, kind)):
                self._levels.end_breach(window, kind, states[kind], is_new=is_new)
        self._end.set(window, result.end_s)


def kinds_of(model: ModelPolicy) -> tuple[LimitKind, ...]:
    """Return the limits that the decisions of a model are held against."""
    return (*PAIR_KINDS, *(own.kind for own in score_questions(model)))


def questions_of(model: ModelPolicy) -> tuple[Question, ...]:
    """Return what is asked about scores and outcomes of a model."""
    return (*score_questions(model), *(outcome_questions(model) if model.outcome is not None else ()))


def _is_found(result: Result, kind: LimitKind) -> bool:
    return any(state_under(group.evidence, kind) is State.BREACH for group in result.groups)


def _without_rate(group: DisclosedGroup) -> DisclosedGroup:
    return msgspec.structs.replace(group, rate=None, rate_bounds=None, shortfall=None)


def count_series(policy: Policy) -> int:
    """Return how many fairness series a policy can make at most.

    >>> from stream_app.policy import load_policy
    >>> count_series(load_policy("loans")) < 2000
    True
    """
    n_series = 0
    for model in policy.models:
        if model.kind == "counts":
            n_series += 2
            continue
        n_windows, n_attributes = len(model.windows), len(model.attributes)
        n_groups = sum(len(attribute.groups) for attribute in model.attributes)
        n_crosses = sum(comb(n_attributes, depth) for depth in range(2, model.detection.max_depth + 1))
        n_values = N_VALUES * n_groups + N_UNDECLARED * 2 * n_attributes + N_CROSSED * _N_WORST * n_crosses
        n_values += N_CAUSE * _N_EXPLAINED * n_attributes
        n_kinds, n_tests = len(PAIR_KINDS) + len(questions_of(model)), N_PAIR_TESTS + 2 * len(questions_of(model))
        n_tests += model.score is not None
        n_series += n_windows * (n_values + n_attributes + n_crosses)
        n_series += n_windows * N_OF_KIND * (n_kinds * n_attributes + len(PAIR_KINDS) * n_crosses)
        if model.outcome is not None:
            n_series += (n_windows * N_OUTCOME_VALUES + 1) * (n_groups + 2 * n_attributes)
        # Evidence of groups; its thresholds, of alarm and recovery; onsets, limits, the reference, what was hidden.
        n_series += n_tests * n_groups + (2 * n_tests + 2 * n_kinds + 3) * n_attributes
        n_series += (N_PAIR_TESTS * (_N_WORST + 2) + len(PAIR_KINDS) + 2) * n_crosses
    return n_series
