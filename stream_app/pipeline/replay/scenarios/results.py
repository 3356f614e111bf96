"""What a scenario published in a time range, disclosed: groups of fewer than k decisions are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result
from stream_app.pipeline.disclosure.rules import WITHHELD
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result, Withheld
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.time_range import TimeRange

LIVE = "live"


class ScenarioResults(NamedTuple):
    """The disclosed results and alerts of a scenario.

    Attributes:
        name: Name of the scenario; ``live`` for what the live judge published.
        results: Its results.
        alerts: Its alerts.
    """

    name: str
    results: Sequence[DisclosedResult]
    alerts: Sequence[DisclosedAlert]

    @property
    def n_withheld(self) -> int:
        """How many groups of a single attribute are withheld because of former releases."""
        return sum(group.hidden == WITHHELD for result in self.results for group in result.groups)

    def newest_totals(self) -> list[DisclosedResult]:
        """Return the last running totals of each attribute; intersections have none."""
        return list({result.attribute: result for result in self.results if result.window == TOTAL_WINDOW}.values())


def disclose_scenarios(
    reports: Mapping[str, ModelReport], scenarios: Iterable[Scenario], *, is_exact: bool
) -> list[ScenarioResults]:
    """Hide small groups in the report of each scenario.

    Args:
        reports: Report by name of the scenario.
        scenarios: Their order, and the k of each.
        is_exact: Whether groups of any size are shown.
    """
    return [
        disclose_report(scenario.name, reports[scenario.name], 0 if is_exact else scenario.model.privacy.k)
        for scenario in scenarios
    ]


def disclose_report(name: str, report: ModelReport, k: int) -> ScenarioResults:
    """Hide groups of fewer than k decisions in a report."""
    results = [disclose_result(result, k) for result in report.decided_results]
    return ScenarioResults(name, results, [disclose_alert(alert, k) for alert in report.alerts])


def disclose_live(
    results: Iterable[Result], alerts: Iterable[Alert], time_range: TimeRange, *, k: int
) -> ScenarioResults:
    """Return what the live judge published about a time range; the newest revision of a window counts.

    Results of which readers still see a former revision are left out: they are about fewer decisions than a replay.

    Args:
        results: Results of one model, in the order of the log.
        alerts: Its alerts.
        time_range: Windows and alerts outside it are left out.
        k: Groups of fewer decisions are hidden.
    """
    newest = [result for result in {one.key: one for one in results}.values() if not (k and _is_held(result))]
    return ScenarioResults(
        LIVE,
        [disclose_result(result, k) for result in newest if time_range.contains(result.start_s, result.end_s)],
        [disclose_alert(alert, k) for alert in alerts if time_range.contains(alert.pane_s, alert.at_s)],
    )


def _is_held(result: Result) -> bool:
    return isinstance(result.withheld, Withheld) and result.withheld.is_held
