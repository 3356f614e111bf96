"""Fairness values as metric rows: only what may be disclosed, only when a window closes, removed with their owner.

Running totals are not exported: two scrapes of a group's counter would give the decisions in between. Of an
intersection of attributes only a few groups are exported: the three worst of each window, and those whose breach is
exported (``breach_rows``), until they recover.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric

from stream_app.core.privacy.disclosure import Disclosure
from stream_app.edges.metrics.alert_levels import AlertLevels, Limit, kinds_of, limits_of, pair_kinds_of, questions_of
from stream_app.edges.metrics.fairness_values import N_EXPLAINED, N_WORST, CauseValues, EvidenceValues, GroupValues
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.edges.metrics.limit_state import TestedGroup
from stream_app.edges.metrics.open_breach_metrics import OpenBreachMetrics
from stream_app.edges.metrics.outcome_metrics import OutcomeMetrics
from stream_app.edges.metrics.sealed_metrics import SealedMetrics, is_sealed
from stream_app.edges.metrics.series_limit import SUPPRESSION_REASONS, count_series
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.outcomes import shown_outcomes
from stream_app.pipeline.disclosure.ranking import worst_first
from stream_app.pipeline.disclosure.results import disclose_result, is_plainly_broken, shown_groups
from stream_app.pipeline.disclosure.rules import is_small
from stream_app.pipeline.names import is_of_outcomes, model_of, outcomes_name
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import KIND_OF_TEST, OUTCOME_KINDS, PAIR_KINDS, LimitKind
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, Result
from stream_app.policy import Attribute, ModelPolicy, Policy, Proxy

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
        shown = [model for model in policy.models if not is_sealed(model)]
        self._models = {model.name: model for model in shown if model.is_tested}
        if (n_series := count_series(policy)) > max_series:
            raise ConfigError(
                f"The policy can make {n_series} fairness series; max_series allows {max_series}",
                action="Declare fewer groups or windows, or raise FAIRSTREAM_MAX_SERIES",
            )
        self._values, self._causes, self._evidence = GroupValues(), CauseValues(), EvidenceValues()
        self._levels = AlertLevels()
        self._breaches = OpenBreachMetrics(self._levels)
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
        self._group = Gauge(
            "fairstream_group_info",
            "A declared group and its place among the groups that are compared; 0 for a reference group.",
            ("model", "attribute", "group", "position"),
        )
        self._proxy = Gauge(
            "fairstream_proxy_info",
            "An attribute whose groups are estimated from probabilities of membership.",
            ("model", "attribute"),
        )
        self._amount = Gauge(
            "fairstream_amount_info",
            "The amount that a model decides, and which amounts are good for people: low or high.",
            ("model", "amount", "favorable"),
        )
        self._sealed = SealedMetrics(self._breaches.incidents, self._end)
        for model in policy.models:
            self._sealed.follow(model)
        for model in shown:
            self._start(model)

    def follow(self, model: ModelPolicy) -> None:
        """Show a model by another policy from now on; what the former one declared disappears.

        Of a model that is sealed everywhere nothing is shown here (``sealed_metrics``).
        """
        self._sealed.follow(model)
        known = self._models.get(model.name)
        if known == model or not model.is_tested:
            return
        if is_sealed(model):
            self._forget(model.name)
            return
        models = tuple((self._models | {model.name: model}).values())
        if count_series(Policy(schema=1, models=models)) > self._max_series:
            return  # a model that another worker brought must not break the limit of this one
        self._forget(model.name)
        self._models[model.name] = model
        self._start(model)

    def _forget(self, name: str) -> None:
        if name in self._models:
            self.drop(name)
            self.drop(outcomes_name(name))
            for gauge in (self._threshold, self._reference, self._group, self._proxy, self._amount):
                gauge.drop(name)
            del self._models[name]

    def take(self, results: Sequence[AnyResult], alerts: Sequence[Alert]) -> None:
        """Apply what one flush of the judge published.

        First the windows, in order of event time, then the alarms and recoveries: a window says what the tests knew
        when it closed, which may be older than any of them. No window of the flush is newer than all of them without
        knowing them.
        """
        self._show(sorted(results, key=_end_of), is_new=True)
        for alert in sorted(alerts, key=lambda alert: alert.at_s):
            if (model := self._models.get(model_of(alert.model))) is not None:
                self._levels.alarm(alert, model)
        self._sealed.take(results, alerts)
        self._refresh(results, alerts)

    def restore(self, results: Sequence[AnyResult], alerts: Sequence[Alert]) -> None:
        """Show what another process showed before: the newest results and the last alerts; nothing is counted."""
        self._show(results, is_new=False)
        for alert in sorted(alerts, key=lambda alert: alert.change == "recovery"):  # not while others are in breach
            if (model := self._models.get(model_of(alert.model))) is not None:
                self._levels.restore(alert, model)
        for name in {model_of(alert.model) for alert in alerts}:
            self._breaches.restore(name)
        self._sealed.take(results, alerts)
        self._refresh(results, alerts)

    def _refresh(self, results: Iterable[AnyResult], alerts: Iterable[Alert]) -> None:
        """Show the open breaches of all models that these records are about."""
        reached_s: dict[str, int] = {}
        for name, time_s in [(r.model, _end_of(r)) for r in results] + [(a.model, a.at_s) for a in alerts]:
            reached_s[model_of(name)] = max(reached_s.get(model_of(name), 0), time_s)
        for name, time_s in reached_s.items():
            if name in self._models:
                self._breaches.show(self._models[name], time_s)

    def _show(self, results: Iterable[AnyResult], *, is_new: bool) -> None:
        for result in results:
            model = self._models.get(model_of(result.model))
            if model is None:
                continue
            if isinstance(result, OutcomeResult):
                if is_new and result.window != TOTAL_WINDOW:
                    self._count_suppressed(model.name, result.attribute, shown_outcomes(result, model.privacy.k))
                self._outcomes.show(result, model, is_new=is_new)
            elif result.window != TOTAL_WINDOW and not self._is_older(result):
                self._show_decisions(result, model, is_new=is_new)

    def suppressed(self, model: str, attribute: str, n_small: int, n_complementary: int) -> None:
        """Count suppressed groups or cells."""
        self._suppressed.add((model, attribute, _SMALL), n_small)
        self._suppressed.add((model, attribute, _COMPLEMENTARY), n_complementary)

    def drop(self, name: str) -> None:
        """Remove the values of a model, or of its outcomes, that another process owns now."""
        self._sealed.drop(name)
        if is_of_outcomes(name):
            self._outcomes.drop(model_of(name))
            self._breaches.drop(self._models.get(model_of(name)), OUTCOME_KINDS)
            return
        for rows in (self._values, self._causes, self._end):
            rows.drop(name)
        if name in self._models:
            kinds = kinds_of(self._models[name])
            self._evidence.drop(name, kinds)
            self._levels.drop(name, kinds)
            self._breaches.drop(self._models[name], kinds)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        for rows in (self._values, self._evidence, self._causes, self._levels, self._breaches, self._outcomes):
            yield from rows.families()
        described = (self._reference, self._group, self._proxy, self._amount)
        for instrument in (self._end, self._suppressed, self._threshold, *described):
            yield instrument.family()

    def _start(self, model: ModelPolicy) -> None:
        if model.kind == "counts":
            self.suppressed(model.name, "cell", 0, 0)
            return
        for attribute in model.attributes:
            kinds = (*pair_kinds_of(model), *(question.kind for question in questions_of(model)))
            self._start_pairs(model, attribute.name, attribute.reference or "", kinds)
        for proxy in model.proxies:
            self._proxy.set((model.name, proxy.name), 1)
            self._start_pairs(model, proxy.name, proxy.reference, PAIR_KINDS)
        self._place_groups(model)
        if model.decision is not None and model.decision.is_amount:
            self._amount.set((model.name, model.decision.name, str(model.decision.favorable)), 1)

    def _place_groups(self, model: ModelPolicy) -> None:
        """Number the groups that are compared, in the order of the policy; dashboards color by it."""
        position = 0
        parts: list[Attribute | Proxy] = [*model.attributes, *model.proxies]
        for part in parts:
            for group in part.groups:
                position += group != part.reference
                place = 0 if group == part.reference else position
                self._group.set((model.name, part.name, group, str(place)), 1)

    def _start_pairs(self, model: ModelPolicy, attribute: str, reference: str, kinds: Sequence[LimitKind]) -> None:
        self.suppressed(model.name, attribute, 0, 0)
        limits = limits_of(model)
        for kind in kinds:
            self._threshold.set((model.name, attribute, kind.value), limits[kind])
        self._reference.set((model.name, attribute, reference), 1)
        self._levels.start(model, attribute, kinds)

    def _count_suppressed(self, model: str, attribute: str, disclosure: Disclosure[str]) -> None:
        self.suppressed(model, attribute, len(disclosure.small), len(disclosure.complementary))

    def _is_older(self, result: Result) -> bool:
        """Return whether a result is a revision of a window that is not the newest."""
        key = (result.model, result.attribute, result.window)
        return result.end_s < self._end.rows().get(key, result.end_s)

    def _show_decisions(self, result: Result, model: ModelPolicy, *, is_new: bool) -> None:
        k, is_crossed = model.privacy.k, CROSS in result.attribute
        if is_new:
            self._count_suppressed(result.model, result.attribute, shown_groups(result, k))
        window = (result.model, result.attribute, result.window)
        groups = [group for group in disclose_result(result, k).groups if group.hidden is None]
        worst = worst_first(group for group in groups if group.group != result.reference)
        if is_crossed:
            in_breach = self._breaches.exported_groups(result.model, result.attribute)
            worst = [group for place, group in enumerate(worst) if place < N_WORST or group.group in in_breach]
            self._values.show(window, worst, is_crossed=True)
            self._reference.set((result.model, result.attribute, result.reference), 1)
        else:
            self._values.show(window, groups)
            self._causes.show(window, worst[:N_EXPLAINED])
        is_estimated = result.attribute in {proxy.name for proxy in model.proxies}
        kinds = pair_kinds_of(model) if is_crossed or is_estimated else kinds_of(model)
        tests = [(group.group, test) for group in (worst if is_crossed else groups) for test in group.evidence]
        self._evidence.show(result.model, result.attribute, tests, kinds)
        self._show_levels(result, model, kinds, is_new=is_new)
        self._end.set(window, result.end_s)

    def _show_levels(self, result: Result, model: ModelPolicy, kinds: Iterable[LimitKind], *, is_new: bool) -> None:
        k, counts = model.privacy.k, {group.group: group.n for group in result.groups}
        n_reference = counts.get(result.reference, 0)
        for kind in kinds:
            groups = [
                TestedGroup(
                    group.group,
                    tuple(test for test in group.evidence if KIND_OF_TEST[test.test] is kind),
                    is_shown=not is_small(group.n, n_reference, k),
                )
                for group in result.groups
            ]
            self._levels.show(
                Limit(result.model, result.attribute, kind),
                model,
                result.window,
                groups,
                is_plainly_broken=is_plainly_broken(result, k, kind),
                is_new=is_new,
            )


def _end_of(result: AnyResult) -> int:
    return 0 if result.window == TOTAL_WINDOW else result.end_s
