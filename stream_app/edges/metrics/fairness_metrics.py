"""Fairness values as metric rows: only what may be disclosed, only when a window closes, removed with their owner.

Running totals are not exported: two scrapes of a group's counter would give the decisions in between. Of an
intersection of attributes only the few groups with most evidence are exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric

from stream_app.core.groups.comparison import State
from stream_app.core.privacy.disclosure import Disclosure
from stream_app.edges.metrics.alert_levels import AlertLevels, kinds_of, questions_of
from stream_app.edges.metrics.fairness_values import N_EXPLAINED, N_WORST, CauseValues, EvidenceValues, GroupValues
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.edges.metrics.outcome_metrics import OutcomeMetrics
from stream_app.edges.metrics.series_limit import SUPPRESSION_REASONS, count_series
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.outcomes import shown_outcomes
from stream_app.pipeline.disclosure.results import disclosable_state, disclose_result, shown_groups
from stream_app.pipeline.names import is_of_outcomes, model_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PAIR_KINDS, LimitKind, state_under, strength_of
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, Result
from stream_app.policy import ModelPolicy, Policy

AnyResult = Result | OutcomeResult

_SMALL, _COMPLEMENTARY = SUPPRESSION_REASONS


class FairnessMetrics:
    """Rows of all models whose judge lane is in this process.

    Args:
        policy: The policy that is applied.
        max_series: Maximum number of series that these rows may ever make.

    Raises:
        ConfigError: the policy declares more.
    """

    def __init__(self, policy: Policy, max_series: int) -> None:
        self._max_series = max_series
        self._models = {model.name: model for model in policy.models if model.kind == "decisions"}
        if (n_series := count_series(policy)) > max_series:
            raise ConfigError(
                f"The policy can make {n_series} fairness series; max_series allows {max_series}",
                action="Declare fewer groups or windows, or raise FAIRSTREAM_MAX_SERIES",
            )
        self._values, self._causes, self._evidence = GroupValues(), CauseValues(), EvidenceValues()
        self._levels = AlertLevels()
        self._outcomes = OutcomeMetrics(self._evidence, self._levels)
        self._end = Gauge(
            "fairstream_window_end_timestamp_seconds",
            "End of the last closed window, event time.",
            ("model", "attribute", "window"),
        )
        self._suppressed = Counter(
            "fairstream_cells_suppressed",
            "Suppressed groups or cells of closed windows.",
            ("model", "attribute", "reason"),
        )
        self._threshold = Gauge(
            "fairstream_threshold_ratio", "Limit of the policy, by kind.", ("model", "attribute", "kind")
        )
        self._reference = Gauge(
            "fairstream_reference_info", "Reference group of an attribute.", ("model", "attribute", "reference")
        )
        self._proxy = Gauge(
            "fairstream_proxy_info",
            "An attribute whose groups are estimated from probabilities of membership.",
            ("model", "attribute"),
        )
        for model in policy.models:
            self._start(model)

    def follow(self, model: ModelPolicy) -> None:
        """Show a model by another policy from now on; what the former one declared disappears."""
        known = self._models.get(model.name)
        if known == model or model.kind == "counts":
            return
        models = tuple((self._models | {model.name: model}).values())
        if count_series(Policy(schema=1, models=models)) > self._max_series:
            return  # a model that another worker brought must not break the limit of this one
        if known is not None:
            self.drop(model.name)
            self._threshold.drop(model.name)
            self._reference.drop(model.name)
            self._proxy.drop(model.name)
        self._models[model.name] = model
        self._start(model)

    def take(self, results: Sequence[AnyResult], alerts: Iterable[Alert]) -> None:
        """Apply what one flush of the judge published, in order of event time: alarms before the window that closes."""
        items: list[tuple[int, int, AnyResult | Alert]] = [(alert.at_s, 1, alert) for alert in alerts]
        items += [(result.end_s, 2, result) for result in results if result.window != TOTAL_WINDOW]
        items += [(0, 0, result) for result in results if result.window == TOTAL_WINDOW]
        for _, _, record in sorted(items, key=lambda item: item[:2]):
            if isinstance(record, Alert):
                self._alarm(record)
            else:
                self.show([record], is_new=True)

    def show(self, results: Iterable[AnyResult], *, is_new: bool) -> None:
        """Show results of closed windows.

        Args:
            results: In the order in which they were made.
            is_new: Whether the windows closed just now; otherwise a new owner shows them again and counts nothing.
        """
        for result in results:
            model = self._models.get(model_of(result.model))
            if model is None:
                continue
            if isinstance(result, OutcomeResult):
                if is_new and result.window != TOTAL_WINDOW:
                    self._count_suppressed(model.name, result.attribute, shown_outcomes(result, model.privacy.k))
                self._outcomes.show(result, model, is_new=is_new)
            elif result.window != TOTAL_WINDOW and not self._is_older(result):
                self._show(result, model, is_new=is_new)

    def suppressed(self, model: str, attribute: str, n_small: int, n_complementary: int) -> None:
        """Count suppressed groups or cells."""
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
        for instrument in (self._end, self._suppressed, self._threshold, self._reference, self._proxy):
            yield instrument.family()

    def _start(self, model: ModelPolicy) -> None:
        if model.kind == "counts":
            self.suppressed(model.name, "cell", 0, 0)
            return
        for attribute in model.attributes:
            for question in questions_of(model):
                self._threshold.set((model.name, attribute.name, question.kind.value), question.limit)
            kinds = (*PAIR_KINDS, *(question.kind for question in questions_of(model)))
            self._start_pairs(model, attribute.name, attribute.reference or "", kinds)
        for proxy in model.proxies:
            self._proxy.set((model.name, proxy.name), 1)
            self._start_pairs(model, proxy.name, proxy.reference, PAIR_KINDS)

    def _start_pairs(self, model: ModelPolicy, attribute: str, reference: str, kinds: Sequence[LimitKind]) -> None:
        self.suppressed(model.name, attribute, 0, 0)
        self._threshold.set((model.name, attribute, LimitKind.RATIO.value), model.rules.min_disparate_impact_ratio)
        self._threshold.set((model.name, attribute, LimitKind.GAP.value), model.rules.max_gap)
        self._reference.set((model.name, attribute, reference), 1)
        self._levels.start(model, attribute, kinds)

    def _alarm(self, alert: Alert) -> None:
        if (model := self._models.get(model_of(alert.model))) is not None:
            self._levels.alarm(alert, model)

    def _count_suppressed(self, model: str, attribute: str, disclosure: Disclosure[str]) -> None:
        self.suppressed(model, attribute, len(disclosure.small), len(disclosure.complementary))

    def _is_older(self, result: Result) -> bool:
        """Return whether a result is a revision of a window that is not the newest."""
        key = (result.model, result.attribute, result.window)
        return result.end_s < self._end.rows().get(key, result.end_s)

    def _show(self, result: Result, model: ModelPolicy, *, is_new: bool) -> None:
        k, is_crossed = model.privacy.k, CROSS in result.attribute
        if is_new:
            self._count_suppressed(result.model, result.attribute, shown_groups(result, k))
        window = (result.model, result.attribute, result.window)
        groups = [group for group in disclose_result(result, k).groups if group.hidden is None]
        pairs = (group for group in groups if group.evidence and group.group != result.reference)
        worst = sorted(pairs, key=lambda group: strength_of(group.evidence), reverse=True)[:N_WORST]
        if is_crossed:
            self._values.show(window, worst, is_crossed=True)
        else:
            self._values.show(window, groups)
            self._causes.show(window, worst[:N_EXPLAINED])
        is_estimated = result.attribute in {proxy.name for proxy in model.proxies}
        kinds = PAIR_KINDS if is_crossed or is_estimated else kinds_of(model)
        tests = [(group.group, test) for group in (worst if is_crossed else groups) for test in group.evidence]
        self._evidence.show(result.model, result.attribute, tests, kinds)
        states = {kind: disclosable_state(result, k, kind) for kind in kinds}
        self._levels.show(window, states, [test for group in groups for test in group.evidence], is_new=is_new)
        for kind in kinds:
            if not (model.detection.plain_rules or _is_in_breach(result, kind)):
                self._levels.end_breach(window, kind, states[kind], is_new=is_new)
        self._end.set(window, result.end_s)


def _is_in_breach(result: Result, kind: LimitKind) -> bool:
    return any(state_under(group.evidence, kind) is State.BREACH for group in result.groups)
