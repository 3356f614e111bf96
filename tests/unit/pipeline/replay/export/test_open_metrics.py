"""A run as OpenMetrics text: what Prometheus reads back is what the disclosed results say."""

from __future__ import annotations

import msgspec
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from fairstream.testing import InMemoryPipeline, loan_events
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult, disclose_result
from stream_app.pipeline.records.results import TOTAL_WINDOW, Bounds, Result, WorstCase
from stream_app.pipeline.replay.export.open_metrics import open_metrics_of
from stream_app.pipeline.replay.scenarios.results import ScenarioResults

K = 100
DECISIONS = "fairstream_window_decisions"


def disclosed() -> list[DisclosedResult]:
    pipeline = InMemoryPipeline("loans")
    pipeline.send(loan_events(6000, drift="0@0,0.9@60s"))
    pipeline.close_windows()
    return [disclose_result(result, K) for result in pipeline.exact_results() if isinstance(result, Result)]


def samples(*scenarios: ScenarioResults) -> dict[tuple[str, str, str, str, str, float], float]:
    """Return every value by metric, run, attribute, window, group or kind, and time."""
    text = "".join(open_metrics_of("run-1", scenarios))
    return {
        (
            sample.name,
            sample.labels["run"],
            sample.labels["attribute"],
            sample.labels.get("window", ""),
            sample.labels.get("group", sample.labels.get("kind", "")),
            float(sample.timestamp or 0),
        ): sample.value
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # of the library
        for sample in family.samples
    }


def test_each_shown_value_of_a_window_is_a_sample_at_its_end() -> None:
    results = disclosed()
    values = samples(ScenarioResults("original", results, []))
    windows = [result for result in results if result.window != TOTAL_WINDOW]
    newest = {(result.window, result.attribute, result.end_s): result for result in windows}.values()
    expected = {
        (
            "fairstream_window_decisions",
            "run-1",
            result.attribute,
            result.window,
            group.group,
            float(result.end_s),
        ): group.n
        for result in newest
        for group in result.groups
        if group.n is not None
    }
    assert len(expected) > 20
    assert {key: value for key, value in values.items() if key[0] == DECISIONS} == expected
    assert not any(window == TOTAL_WINDOW for _, _, _, window, _, _ in values)


def test_a_breach_is_a_level_and_a_suppressed_group_has_no_sample() -> None:
    results = disclosed()
    values = samples(ScenarioResults("original", results, []))
    levels = {value for (name, *_), value in values.items() if name == "fairstream_alert_level"}
    assert levels >= {0, 3}
    hidden = {(r.attribute, r.window, g.group, float(r.end_s)) for r in results for g in r.groups if g.hidden}
    shown = {(attribute, window, group, time_s) for _, _, attribute, window, group, time_s in values}
    assert hidden
    assert not hidden & shown


def test_a_further_scenario_is_a_run_of_its_own() -> None:
    results = disclosed()
    values = samples(
        ScenarioResults("original", results, []),
        ScenarioResults("k=50", [result for result in results if result.window != TOTAL_WINDOW][:3], []),
    )
    assert {run for _, run, *_ in values} == {"run-1", "run-1:k=50"}


def test_what_unknown_groups_could_change_is_a_sample_too() -> None:
    window = next(result for result in disclosed() if result.window != TOTAL_WINDOW)
    known = msgspec.structs.replace(window, groups=tuple(map(with_unknown, window.groups)))
    values = samples(ScenarioResults("original", [known], []))
    ends = {key[0]: value for key, value in values.items() if "_worst_case_" in key[0]}
    assert ends == {
        "fairstream_approval_worst_case_ratio_lower": 0.1,
        "fairstream_approval_worst_case_ratio_upper": 0.2,
        "fairstream_disparate_impact_worst_case_ratio_lower": 0.3,
        "fairstream_disparate_impact_worst_case_ratio_upper": 0.4,
    }
    assert {value for key, value in values.items() if key[0] == "fairstream_undeclared_ratio"} == {0.125}


def with_unknown(group: DisclosedGroup) -> DisclosedGroup:
    """Return a group with bounds; the gap has none."""
    worst_case = WorstCase(n=9, rate=Bounds(0.1, 0.2), ratio=Bounds(0.3, 0.4), gap=None)
    return msgspec.structs.replace(group, worst_case=worst_case, share=0.125)
