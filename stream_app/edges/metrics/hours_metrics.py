"""Hours per capita of areas, by level, in the newest closed window of each size: rows of models of kind allocations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Metric

from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.records.hours.allocation_results import AllocationResult, LevelResult
from stream_app.pipeline.records.outcome_results import AnyResult
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.policy import ModelPolicy, Policy

_GROUP = ("model", "attribute", "group", "window")
_KINDS = ("means", "totals")
_N_OF_GROUP = 1 + len(_KINDS) * 4  # hours per capita, ratio and both ends of each kind, and whether it is over


class HoursMetrics:
    """Rows of all models of kind ``allocations`` whose judge lane is in this process.

    Args:
        policy: The policy that is applied.
    """

    def __init__(self, policy: Policy) -> None:
        self._per_capita = Gauge(
            "fairstream_hours_per_capita",
            "Hours per resident in the newest window: the mean of the areas of a level (means), or all hours by all "
            "residents (totals).",
            (*_GROUP, "of"),
        )
        self._ratio = Gauge(
            "fairstream_hours_ratio", "Hours per resident of a level / those of the reference.", (*_GROUP, "of")
        )
        self._lower = Gauge(
            "fairstream_hours_ratio_lower", "Lower end of the 95 % interval of the ratio.", (*_GROUP, "of")
        )
        self._upper = Gauge(
            "fairstream_hours_ratio_upper",
            "Upper end of the 95 % interval of the ratio; absent where no larger ratio is ruled out.",
            (*_GROUP, "of"),
        )
        self._over = Gauge(
            "fairstream_hours_over",
            "Whether a ratio of the level, or its inverse, is above the limit; also where only one side has hours.",
            _GROUP,
        )
        self._limit = Gauge("fairstream_hours_limit_ratio", "Greatest ratio; its inverse is the smallest.", ("model",))
        self._end = Gauge(
            "fairstream_hours_window_end_timestamp_seconds",
            "End of the window that the hours are from, event time.",
            ("model", "attribute", "window"),
        )
        self._of_groups = (self._per_capita, self._ratio, self._lower, self._upper, self._over)
        for model in policy.models:
            self.follow(model)

    @staticmethod
    def n_series(model: ModelPolicy) -> int:
        """Return the maximum number of series of a model."""
        n_groups = sum(len(attribute.groups) for attribute in model.attributes)
        return len(model.windows) * (n_groups * _N_OF_GROUP + len(model.attributes)) + 1

    def follow(self, model: ModelPolicy) -> None:
        """Show a model by this policy from now on."""
        if model.kind == "allocations":
            self._limit.set((model.name,), model.rules.max_hours_ratio)

    def take(self, results: Iterable[AnyResult]) -> None:
        """Show the results about hours; of each window the newest one."""
        for result in results:
            if isinstance(result, AllocationResult) and result.window != TOTAL_WINDOW:
                key = (result.model, result.attribute, result.window)
                if result.end_s >= self._end.rows().get(key, 0):
                    self._show(result)

    def drop(self, name: str) -> None:
        """Remove the values of a model that another process judges."""
        for gauge in (*self._of_groups, self._end):
            gauge.drop(name)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        for instrument in (*self._of_groups, self._limit, self._end):
            yield instrument.family()

    def _show(self, result: AllocationResult) -> None:
        self._end.set((result.model, result.attribute, result.window), result.end_s)
        for level in result.groups:
            self._show_level(level, (result.model, result.attribute, level.group, result.window))

    def _show_level(self, level: LevelResult, labels: tuple[str, str, str, str]) -> None:
        for gauge in self._of_groups:
            gauge.drop(*labels)
        per_capita = dict(zip(_KINDS, (level.mean_per_capita, level.total_per_capita), strict=True))
        ratios = dict(zip(_KINDS, (level.of_means, level.of_totals), strict=True))
        for of in _KINDS:
            ratio = ratios[of]
            values = {self._per_capita: per_capita[of]}
            if ratio is not None:
                values |= {self._ratio: ratio.value, self._lower: ratio.lower, self._upper: ratio.upper}
            for gauge, value in values.items():
                if value is not None:
                    gauge.set((*labels, of), value)
        known = [ratio for ratio in ratios.values() if ratio is not None]
        if known:
            self._over.set(labels, int(any(ratio.is_over for ratio in known)))
