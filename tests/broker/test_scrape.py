"""What a worker exports when a policy declares much and every rule is broken: bounded, well-formed, also when busy."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from prometheus_client.samples import Sample

from benchmarks.scrape.command import fairness_samples, n_decisions, wait_for
from benchmarks.scrape.scraping import Scraper, scrape
from benchmarks.scrape.wide import policy_of, unfair_decisions
from benchmarks.stage.bench import Bench
from benchmarks.stage.site import open_site
from benchmarks.stage.stream import append
from producers.timeline import Timeline
from stream_app.edges.metrics.breach_rows import N_IN_BREACH
from stream_app.edges.metrics.fairness_values import N_WORST
from stream_app.edges.metrics.series_limit import count_series
from stream_app.settings import Settings
from tests.support.servers.alerting import complaints_about_metrics, need_tool

_HISTORY, _BURST, _PER_S, _BURST_PER_S = 15_000, 60_000, 100.0, 10_000.0
_EXPLAINING = {
    "fairstream_evidence_log10",
    "fairstream_evidence_threshold_log10",
    "fairstream_cause_mix_ratio",
    "fairstream_cause_rate_ratio",
    "fairstream_cause_segment_ratio",
    "fairstream_feature_difference_ratio",
    "fairstream_shortfall_ratio",
    "fairstream_alert_onset_timestamp_seconds",
}
_MOST_CROSSED = N_WORST + N_IN_BREACH  # groups of an intersection that are exported


@pytest.mark.timeout(900)
def test_a_wide_policy_in_breach_stays_under_its_limit_and_a_busy_worker_answers(kafka: str, tmp_path: Path) -> None:
    need_tool("promtool")
    bench = Bench(kafka, tmp_path, None)
    name = f"{bench.tag}-wide"
    site = open_site(bench, "scrape", policy_of(name), n_partitions=2)
    [model] = site.policy.models
    burst_ms = int((time.time() - _BURST / _BURST_PER_S) * 1000)
    history = unfair_decisions(1, Timeline(burst_ms - int(_HISTORY / _PER_S * 1000), 1 / _PER_S))
    burst = unfair_decisions(2, Timeline(burst_ms, 1 / _BURST_PER_S))
    append(kafka, model.topic, 2, islice(history, _HISTORY))

    with site.worker():
        wait_for(site, is_told_in_full)
        answer = scrape(site.metrics_address)
        exported = fairness_samples(answer.samples())
        assert len(exported) <= count_series(site.policy) <= Settings().max_series
        crossed = Counter(
            (sample.labels["attribute"], sample.labels["window"])
            for sample in exported
            if "+" in sample.labels["attribute"] and sample.name == "fairstream_window_decisions"
        )
        assert crossed
        assert max(crossed.values()) <= _MOST_CROSSED
        assert not [
            one for one in exported if one.name == "fairstream_approval_ratio" and "+" in one.labels["attribute"]
        ]
        assert complaints_about_metrics(site.metrics_address) == ""

        with Scraper(site.metrics_address, every_s=0.1) as scraper:
            append(kafka, model.topic, 2, islice(burst, _BURST))
            wait_for(site, lambda samples: n_decisions(samples) >= _HISTORY + _BURST)
        counts = [n_decisions(one.samples()) for one in scraper.taken()]
        assert counts == sorted(counts)
        assert any(_HISTORY < count < _HISTORY + _BURST for count in counts)  # it answered between two commits


def is_told_in_full(samples: list[Sample]) -> bool:
    """Tell whether all is counted, and shown: a breach with evidence, cause and onset, and intersections."""
    is_crossed = any(
        "+" in sample.labels["attribute"] for sample in samples if sample.name == "fairstream_window_decisions"
    )
    return n_decisions(samples) >= _HISTORY and is_crossed and {sample.name for sample in samples} >= _EXPLAINING
