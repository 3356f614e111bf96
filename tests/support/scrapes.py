"""What Prometheus scrapes of the shipped policy of loan applications."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from stream_app.core.groups.counts import GroupCount
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.results import Result, Span
from stream_app.policy import load_policy
from tests.support.lanes.judging import judge_plainly

POLICY = load_policy("loanapp")
MODEL = POLICY.models[0]
LAYOUT = layout_of(MODEL)
PARTIALS = "fairness-partials"


class Scrape:
    """Metrics of the loanapp policy with the judge's lane open, and their rows."""

    def __init__(self, policy_name: str = "loanapp") -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, load_policy(policy_name), max_series=5000)
        self.metrics.lane_opened(PARTIALS, 3)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"fairstream_{name}", labels)

    def group(self, name: str, group: str, window: str = "100s") -> float | None:
        return self.value(name, model="loanapp", attribute="race", window=window, group=group)

    def judge(self, *results: Result, **facts: object) -> None:
        report = ModelReport(results=list(results))
        for name, value in facts.items():
            setattr(report, name, value)
        self.metrics.judged(3, JudgeReport({"loanapp": report}))


def result(end_s: int = 100, window: str = "100s", **counts: GroupCount) -> Result:
    """Return the result of a window from the counts by race."""
    labels = LAYOUT.dimensions[0][1]
    cells = {}
    for group, (n, favorable) in counts.items():
        for decision, count in enumerate((favorable, n - favorable)):
            cells[LAYOUT.code_of((labels.index(group), 1, 0, decision))] = [count]
    span = Span(window, end_s - 100, end_s)
    return judge_plainly(MODEL, LAYOUT, cells, span)[0]


WHITE, BLACK, HISPAN = GroupCount(1681, 1527), GroupCount(197, 133), GroupCount(111, 85)
