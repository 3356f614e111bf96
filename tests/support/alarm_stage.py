"""The shipped loans policy judged minute by minute in memory, and the page that Prometheus would scrape.

How to use it::

    stage = AlarmStage(seed=1)
    stage.minutes(5, fair)                       # five comparison periods
    stage.minutes(2, unfair_to("female"))        # until the alarm, for example
    stage.value("alert_level", model="loans", attribute="gender", kind="gap")

Counts are drawn for all combinations of labels, so attributes, intersections, segments and features fit together. Real
judge, real state, real metrics; only the broker is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from prometheus_client import CollectorRegistry

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import Policy, load_policy
from stream_app.topics import FAIRNESS_PARTIALS
from tests.support.lanes.judge_lane import JudgeLane

RATIO = "disparate_impact_ratio"
GENDER = {"model": "loans", "attribute": "gender", "kind": RATIO, "group": "female"}
MINUTE_S = 60
PER_MINUTE = 3000
RATE = 0.7
LABELS = (
    ("female", "male"),
    ("asian", "black", "hispanic", "white"),
    ("18-29", "30-44", "45-59", "60+"),
    ("auto", "home", "personal", "student"),
)
_SHARES = ((0.5, 0.5), (0.1, 0.2, 0.25, 0.45), (0.2, 0.35, 0.3, 0.15), (0.3, 0.3, 0.2, 0.2))
Chance = Callable[[tuple[str, ...]], float]  # of a favorable decision, by gender, race, age and product


def fair(_: tuple[str, ...]) -> float:
    """Everybody has the same chance."""
    return RATE


def unfair_to(*labels: str, ratio: float = 0.55) -> Chance:
    """Return the chances where all who have these labels are approved less often."""
    return lambda combination: RATE * (ratio if set(labels) <= set(combination) else 1.0)


class AlarmStage:
    """A judge lane of the loans policy, and its metrics.

    Args:
        seed: Of the counts.
        start_s: Event time of the first minute.
        n: Decisions a minute.
    """

    def __init__(self, seed: int, start_s: int = 1_790_000_000 // 3600 * 3600, n: int = PER_MINUTE) -> None:
        self.policy: Policy = load_policy("loans")
        self.lane = JudgeLane(self.policy)
        self.now_s, self._n = start_s, n
        self._rng = np.random.default_rng(seed)
        self._combinations = list(product(*LABELS))
        self._shares = np.array([float(np.prod(shares)) for shares in product(*_SHARES)])
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, self.policy, max_series=5000, policy_name="loans")
        self.metrics.lane_opened(FAIRNESS_PARTIALS, 0)

    def minutes(self, n: int, chance: Chance) -> None:
        """Judge some minutes."""
        for _ in range(n):
            self.minute(chance)

    def minute(self, chance: Chance) -> None:
        """Judge one minute, and show what a worker would show after the commit."""
        cells = self._cells(chance)
        start_s, self.now_s = self.now_s, self.now_s + MINUTE_S
        model = self.lane.model
        self.lane.feed(
            Partial(
                app_id="fairstream",
                model=model.name,
                layout_hash=model.layout_hash(),
                topic=model.topic,
                partition=0,
                n_partitions=1,
                next_offset=self.now_s,
                closed_before_s=self.now_s,
                max_event_s=self.now_s,
                is_idle=False,
                panes=(PanePartial(start_s, cells),),
            )
        )
        self.lane.judge.take_report().deliver(self.metrics, self.now_s)

    def restart(self) -> None:
        """Restart the worker: everything but the state of the lane is new."""
        self.lane.restart()
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, self.policy, max_series=5000, policy_name="loans")
        self.metrics.lane_opened(FAIRNESS_PARTIALS, 0)
        self.lane.judge.restored_report().deliver(self.metrics, self.now_s)

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of a series; None where it is not exported."""
        return self.registry.get_sample_value(f"fairstream_{name}", labels)

    def rows(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and value of each series of a metric."""
        families = self.registry.collect()
        return [(s.labels, s.value) for family in families for s in family.samples if s.name == f"fairstream_{name}"]

    def levels(self, name: str = "alert_level") -> dict[tuple[str, ...], float]:
        """Return the levels above 1 by their labels after the model."""
        return {tuple(labels.values())[1:]: value for labels, value in self.rows(name) if value > 1}

    def _cells(self, chance: Chance) -> Cells:
        layout = self.lane.layout
        places = [
            {label: place for place, label in enumerate(labels)} for _, labels in layout.dimensions[: len(LABELS)]
        ]
        cells: Cells = {}
        counts = self._rng.multinomial(self._n, self._shares)
        for combination, n in zip(self._combinations, counts.tolist(), strict=True):
            favorable = int(self._rng.binomial(n, chance(combination)))
            code = [place[label] for place, label in zip(places, combination, strict=True)]
            for decision, count in enumerate((favorable, n - favorable)):
                if count:
                    score = 500 + 50 * (1 - decision)
                    cells[layout.code_of((*code, decision))] = [count, count, count * score, count * score * score]
        return cells


def breached(seed: int = 1) -> AlarmStage:
    """Return a stage in which women have been worse off for a minute, and the alarm was raised."""
    stage = AlarmStage(seed)
    stage.minutes(4, fair)
    stage.minute(unfair_to("female"))
    return stage


def alert_about(stage: AlarmStage, test: PairTest = PairTest.RATIO_LOW, attribute: str = "gender") -> Alert:
    """Return the first alert of a test about an attribute."""
    return next(alert for alert in stage.lane.alerts if (alert.attribute, alert.test) == (attribute, test))
