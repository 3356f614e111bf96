"""Metrics, tables, charts and frames say which groups are estimated."""

from __future__ import annotations

import pytest

from stream_app.cli.layout.drawing import draw
from stream_app.cli.show.alert_text import describe_alert
from stream_app.cli.show.result_table import result_table
from stream_app.edges.metrics.fairness_metrics import FairnessMetrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.shown import disclose_window
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.bisect.bisection import attribute_of
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.render.report.charts import draw_rates
from stream_app.render.report.subgroups import write_subgroups
from tests.support.estimated_groups import newest, policy
from tests.support.feeds import Run


def test_metrics_say_which_groups_are_estimated_and_what_their_ratio_can_be(run: Run) -> None:
    metrics = FairnessMetrics(policy(), max_series=1000)
    results = [result for result in run.pipeline.exact_results() if isinstance(result, Result)]
    metrics.take(results, run.alerts)
    samples = {
        (sample.name, sample.labels.get("window"), sample.labels.get("group")): sample.value
        for family in metrics.families()
        for sample in family.samples
    }
    assert samples["fairstream_proxy_info", None, None] == 1
    least, most = (
        samples[f"fairstream_proxy_disparate_impact_ratio_{end}", "1h", "black"] for end in ("lower", "upper")
    )
    assert least < samples["fairstream_disparate_impact_ratio", "1h", "black"] < most
    assert 0 < len(samples) <= count_series(policy())
    assert samples["fairstream_threshold_ratio", None, None] in (0.8, 0.2)


def test_tables_charts_and_frames_mark_estimated_groups(run: Run) -> None:
    shown = [disclose_window(newest(run, "1h"), 5)]
    assert "race, compared with white, groups estimated from probabilities" in draw(result_table(shown), 80).plain
    assert ", estimated groups" in describe_alert(disclose_alert(run.alerts[0], 5)).plain.splitlines()[0]
    subgroups = write_subgroups(ScenarioResults("original", shown, []), policy().models[0].rules)
    assert "black vs. white" in subgroups
    assert ", estimated<" in subgroups
    assert "race: approval rate by window of 1h, estimated from probabilities" in draw_rates(shown, policy().models[0])
    frame = run.pipeline.results()
    black = frame[(frame["group"] == "black") & (frame["window"] == "1h")].iloc[0]
    assert black["least_ratio"] < black["disparate_impact_ratio"] < black["most_ratio"]
    assert (run.pipeline.alerts()["least_ratio"] < 0.8).all()


def test_versions_are_not_compared_for_estimated_groups() -> None:
    with pytest.raises(ConfigError, match="estimated from probabilities"):
        attribute_of(policy().models[0], "black", None)
