"""The pipeline in memory: what it reports depends on what is sent, not on how it is cut; small groups stay hidden."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pandas as pd
import pytest

import fairstream as fs
from fairstream.testing import (
    Event,
    InMemoryPipeline,
    camera_events,
    credit_events,
    disturb,
    female_rate,
    loan_events,
    read_event,
)
from stream_app.pipeline.records.results import Result
from stream_app.policy import load_policy
from tests.support.paths import ROOT

DRIFT = "0@0,0.9@40s"


def sent(
    events: Iterable[Event], policy: str = "loans", *, n_partitions: int = 1, flush_every: int = 500
) -> InMemoryPipeline:
    pipeline = InMemoryPipeline(policy, n_partitions=n_partitions, flush_every=flush_every)
    pipeline.send(events)
    pipeline.close_windows()
    return pipeline


@pytest.fixture(scope="module")
def loans() -> InMemoryPipeline:
    return sent(loan_events(6000, seed=5, drift=DRIFT))


def test_every_event_is_counted_once_and_published_under_pseudonyms(loans: InMemoryPipeline) -> None:
    results = loans.results()
    totals = results[(results["window"] == "total") & (results["attribute"] == "gender")]
    assert totals["total_n"].tolist() == [6000, 6000]
    assert totals["n"].sum() == 6000
    events = loans.published()
    assert len(events) == 6000
    assert all(event["application_id"].startswith("hm1.") for event in events)
    assert loans.dead_letters() == loans.late_events() == []


def test_a_window_has_the_counts_of_a_recount(loans: InMemoryPipeline) -> None:
    events = [read_event(event) for event in loan_events(6000, seed=5, drift=DRIFT)]
    approved = [event["approved"] for event in events if event["gender"] == "female" and "T00:01" in event["ts"]]
    results = loans.results()
    start = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    [row] = results.query("window == '1m' and attribute == 'gender' and group == 'female' and start == @start").index
    assert results.loc[row, ["n", "favorable"]].tolist() == [len(approved), sum(approved)]
    assert results.loc[row, "rate"] == sum(approved) / len(approved)
    assert results.loc[row, "end"] - start == timedelta(minutes=1)


def test_a_drift_is_an_alert_after_its_onset(loans: InMemoryPipeline) -> None:
    alerts = loans.alerts()
    first = alerts[(alerts["attribute"] == "gender") & (alerts["change"] == "breach")].iloc[0]
    assert first["group"] == "female"
    assert abs(first["onset"] - datetime(2026, 1, 1, 0, 0, 40, tzinfo=UTC)) <= timedelta(seconds=20)
    assert first["sentence"].startswith("DIR 0.")
    assert alerts["time"].is_monotonic_increasing


def with_hidden_genders(events: Iterable[Event]) -> Iterator[Event]:
    """Yield events whose gender is missing for half of the approved women and of the denied men."""
    for number, event in enumerate(events):
        record = read_event(event)
        if (record["gender"] == "female") == record["approved"] and number % 2:
            record["gender"] = None
        yield event._replace(value=msgspec.json.encode(record))


@pytest.mark.parametrize("option", ["excluded", "worst_case"])
def test_hidden_genders_feign_a_violation_unless_they_count_at_their_worst(option: str) -> None:
    loans = load_policy("loans")
    model = msgspec.structs.replace(
        loans.models[0],
        detection=msgspec.structs.replace(loans.models[0].detection, unknown_groups=option),
    )
    pipeline = InMemoryPipeline(msgspec.structs.replace(loans, models=(model,)))
    pipeline.send(with_hidden_genders(loan_events(9000, seed=5)))
    pipeline.close_windows()
    alerts, results = pipeline.alerts(), pipeline.results()
    assert alerts["group"].isin(["female"]).any() == (option == "excluded")
    assert alerts.empty or set(alerts["unknown_groups"]) == {option}
    windows = results.query("window == '1m' and attribute == 'gender'").set_index(["start", "group"]).sort_index()
    for _, window in windows.groupby(level="start"):
        by_group = window.droplevel("start")
        women, unknown = by_group.loc["female"], by_group.loc["unknown"]
        n = int(by_group["n"].sum())
        assert unknown["share"] == unknown["n"] / n
        assert women["unknown_n"] == unknown["n"]
        assert women["disparate_impact_ratio_worst_case_lower"] < women["disparate_impact_ratio"] < 0.8
        assert women["disparate_impact_ratio_worst_case_upper"] > 0.9
        assert women["rate_worst_case_upper"] == (women["favorable"] + unknown["favorable"]) / (
            women["n"] + unknown["favorable"]
        )


@pytest.mark.parametrize(("n_partitions", "flush_every"), [(1, 37), (3, 500), (2, 200)])
def test_results_do_not_depend_on_transactions_and_partitions(
    loans: InMemoryPipeline, n_partitions: int, flush_every: int
) -> None:
    events = loan_events(6000, seed=5, drift=DRIFT)
    other = sent(events, n_partitions=n_partitions, flush_every=flush_every)
    pd.testing.assert_frame_equal(by_key(other.results()), by_key(loans.results()))
    pd.testing.assert_frame_equal(other.alerts(), loans.alerts())


def by_key(results: pd.DataFrame) -> pd.DataFrame:
    names = ["model", "attribute", "window", "end", "group"]
    return results.sort_values(names, ignore_index=True)


def test_a_restart_changes_nothing(loans: InMemoryPipeline) -> None:
    restarted = InMemoryPipeline("loans")
    events = list(loan_events(6000, seed=5, drift=DRIFT))
    for first in range(0, 6000, 1500):
        restarted.send(events[first : first + 1500])
        restarted.restart()
    restarted.close_windows()
    pd.testing.assert_frame_equal(restarted.results(), loans.results())
    pd.testing.assert_frame_equal(restarted.alerts(), loans.alerts())


def test_a_lane_that_restarts_before_its_flush_reads_again() -> None:
    pipeline = InMemoryPipeline("loans")
    lane = pipeline.lanes[0]
    events = [(event.value, event.time_ms) for event in loan_events(10)]
    pipeline.log.append(lane.topic, 0, [fs.testing.LogRecord(None, value, time_ms) for value, time_ms in events])
    assert lane.read(4) == 4
    lane.restart()
    assert (lane.n_left, lane.read(100), lane.read(100)) == (10, 10, 0)
    lane.flush(events[-1][1] / 1000)
    assert (lane.committed_offset, len(pipeline.published())) == (10, 10)


def test_duplicates_are_counted_once_and_late_events_are_noticed() -> None:
    events = disturb(loan_events(4000, seed=1), seed=1, late_share=0.1, duplicate_share=0.2, late_by_s=40)
    pipeline = sent(events)
    n_late = len(pipeline.late_events())
    assert n_late > 50
    assert len(pipeline.published()) == 4000 - n_late
    [total] = [r for r in pipeline.exact_results() if r.window == "total" and r.attribute == "gender"][-1:]
    assert total.n == 4000 - n_late


def test_small_groups_are_hidden_with_what_would_reveal_them() -> None:
    pipeline = sent(loan_events(200, seed=2, event_rate=2))
    results, exact = pipeline.results(), pipeline.exact_results()
    k = fs.load_policy("loans").models[0].privacy.k
    small = {
        (result.attribute, result.window, result.end_s, group.group)
        for result in exact
        if isinstance(result, Result)
        for group in result.groups
        if group.n < k
    }
    hidden = results[results["hidden"].notna()]
    shown = results[results["hidden"].isna()]
    assert (shown["n"] >= k).all()
    assert len(hidden) > len(hidden[hidden["hidden"] == "complementary"]) > 0
    keys = zip(hidden["attribute"], hidden["window"], hidden["end"], hidden["group"], strict=True)
    hidden_keys = {(attribute, window, int(end.timestamp()), group) for attribute, window, end, group in keys}
    of_groups = {key for key in small if key[1] != "total" and "+" not in key[0]}
    assert {key for key in of_groups if key[3] not in ("unknown", "__other__")} <= hidden_keys
    shown_keys = zip(shown["attribute"], shown["window"], shown["end"], shown["group"], strict=True)
    assert not small & {
        (attribute, window, int(end.timestamp()), group) for attribute, window, end, group in shown_keys
    }
    for name in ("n", "favorable", "rate", "gap", "disparate_impact_ratio", "sentence", "driver", "state"):
        assert hidden[name].isna().all()


def test_outcomes_are_joined_with_their_decisions() -> None:
    pipeline = sent(credit_events(3000, seed=4, longest_delay_s=20), "credit", n_partitions=2)
    results = pipeline.outcome_results()
    totals = results.query("window == 'total' and attribute == 'gender'").set_index("group")
    assert totals["n"].gt(500).all()
    assert totals["favorable_outcome_rate"].between(0.5, 1).all()
    assert totals["is_selective"].all()
    assert totals["true_positive_rate_reason"].tolist() == ["selective_labels"] * 2
    assert totals["true_positive_rate"].isna().all()


def test_records_of_a_stream_of_your_own_become_results_or_dead_letters() -> None:
    policy = fs.parse_policy("""
schema = 1
[[models]]
name = "grants"
topic = "grants-raw"
event_id = { path = "id", link_domain = "grant" }
decision = { path = "result", favorable = "yes", unfavorable = ["no"] }
event_time = { path = "t", format = "epoch_s" }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
""")
    pipeline = InMemoryPipeline(policy)
    records = [
        {"id": str(n), "t": 1_800_000_000 + n, "sex": "fm"[n % 2], "result": "no" if n % 4 == 0 else "yes"}
        for n in range(100)
    ]
    pipeline.send_records([*records, records[0], b"{", None, {"id": "x"}], time_s=1_800_000_100)
    pipeline.close_windows()
    total = pipeline.results().query("window == 'total'").set_index("group")
    assert total["n"].tolist() == [50, 50]
    assert total["favorable"].tolist() == [25, 50]
    assert [letter["reason"] for letter in pipeline.dead_letters()] == ["json", "missing"]
    with pytest.raises(ValueError, match="before the clock"):
        pipeline.send_records([], time_s=1)
    with pytest.raises(ValueError, match="no outcomes"):
        pipeline.send_records([], time_s=pipeline.now_s, is_outcome=True)
    with pytest.raises(fs.PolicyError, match="nobody"):
        pipeline.send([], model="nobody")


def test_counts_of_cameras_leave_suppressed() -> None:
    pipeline = sent(camera_events(3000, seed=1), "camera")
    assert len(list(pipeline.log.read("camera-aggregates"))) > 0
    assert len(pipeline.results()) == 0


def test_the_pytest_plugin_gives_tests_of_users_a_pipeline(tmp_path: Path) -> None:
    document = ROOT.joinpath("docs", "api.md").read_text("utf-8")
    [conftest, test] = re.findall(r"^```\n(pytest_plugins = .*?)\n\n(.*?)^```", document, re.MULTILINE | re.DOTALL)[0]
    tmp_path.joinpath("conftest.py").write_text(conftest, "utf-8")
    tmp_path.joinpath("test_user.py").write_text(test.replace("my_policy.toml", "loans"), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_loans_have_the_rates_that_the_stream_declares() -> None:
    women = [event for event in map(read_event, loan_events(20_000, drift="0.5")) if event["gender"] == "female"]
    rate = sum(event["approved"] for event in women) / len(women)
    assert abs(rate - female_rate(0.5)) < 0.02  # four standard errors


def test_streams_are_the_same_for_the_same_arguments() -> None:
    assert list(loan_events(50, seed=3)) == list(loan_events(50, seed=3)) != list(loan_events(50, seed=4))
    assert read_event(next(loan_events(1, with_versions=True)))["model_version"] == "1"
    with pytest.raises(ValueError, match="time zone"):
        loan_events(1, start=datetime(2026, 1, 1))  # noqa: DTZ001 - what is tested
    with pytest.raises(ValueError, match="event_rate"):
        camera_events(1, event_rate=0)
    with pytest.raises(fs.ConfigError, match="drift, entry 1"):
        loan_events(1, drift="much")
