"""The gauges of outcomes of one group in one window, and the share of decisions without an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric

from stream_app.edges.metrics.instruments import Gauge
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeGroup
from stream_app.pipeline.records.outcome_results import Measure

_LABELS = ("model", "attribute", "window", "group")

_MEASURES: tuple[tuple[str, str, Callable[[DisclosedOutcomeGroup], Measure | None]], ...] = (
    (
        "equal_opportunity_difference_ratio",
        "True positive rate of a group minus that of the reference group; negative if the group is worse off.",
        lambda g: g.equal_opportunity_difference,
    ),
    (
        "equal_opportunity_ratio",
        "True positive rate of a group divided by that of the reference group; below 1 if the group is worse off.",
        lambda g: g.equal_opportunity_ratio,
    ),
    (
        "average_odds_difference_ratio",
        "Mean of the differences in true and false positive rate: group minus reference group.",
        lambda g: g.average_odds_difference,
    ),
    (
        "predictive_parity_difference_ratio",
        "Share of good outcomes among approved cases: group minus reference group.",
        lambda g: g.predictive_parity_difference,
    ),
    (
        "favorable_outcome_ratio",
        "Share of good outcomes among the approved cases of a group.",
        lambda g: g.favorable_outcome_rate,
    ),
)


class OutcomeValues:
    """Rates and gaps with their intervals, calibration error, and the share of decisions without an outcome."""

    def __init__(self) -> None:
        self._measures = [
            (
                Gauge(f"fairstream_{name}", text, _LABELS),
                Gauge(f"fairstream_{name}_lower", "Lower end of its 95% interval.", _LABELS),
                Gauge(f"fairstream_{name}_upper", "Upper end of its 95% interval.", _LABELS),
                read,
            )
            for name, text, read in _MEASURES
        ]
        self._calibration = Gauge(
            "fairstream_calibration_error_ratio",
            "Expected calibration error of a group's scores, over the bins of the policy.",
            _LABELS,
        )
        self._without = Gauge(
            "fairstream_decisions_without_outcome_ratio",
            "Share of a group's decisions that should have an outcome and have none yet, since the start.",
            ("model", "attribute", "group"),
        )

    @staticmethod
    def n_series(n_windows: int) -> int:
        """Return the maximum number of series of one group: measures with two bounds and calibration, and the share."""
        return n_windows * (3 * len(_MEASURES) + 1) + 1

    def show(self, model: str, attribute: str, window: str, groups: Iterable[DisclosedOutcomeGroup]) -> None:
        """Replace the rows of one attribute and window."""
        labels = (model, attribute, window)
        for gauge in self._of_windows():
            gauge.drop(*labels)
        for group in groups:
            for *gauges, read in self._measures:
                _set(gauges, (*labels, group.group), read(group))
            if group.calibration_error is not None:
                self._calibration.set((*labels, group.group), group.calibration_error)

    def show_waiting(self, model: str, attribute: str, groups: Iterable[DisclosedOutcomeGroup]) -> None:
        """Replace the shares without an outcome of one attribute."""
        self._without.drop(model, attribute)
        for group in groups:
            if group.without_outcome_ratio is not None:
                self._without.set((model, attribute, group.group), group.without_outcome_ratio)

    def drop(self, model: str) -> None:
        """Remove all rows of a model."""
        for gauge in (*self._of_windows(), self._without):
            gauge.drop(model)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        return (gauge.family() for gauge in (*self._of_windows(), self._without))

    def _of_windows(self) -> list[Gauge]:
        return [
            *(gauge for value, lower, upper, _ in self._measures for gauge in (value, lower, upper)),
            self._calibration,
        ]


def _set(gauges: Iterable[Gauge], labels: tuple[str, ...], measure: Measure | None) -> None:
    if measure is None:
        return
    for gauge, value in zip(gauges, (measure.value, measure.lower, measure.upper), strict=True):
        if value is not None:
            gauge.set(labels, value)
