"""Which records a verification compares: those of windows and alerts that end in the range."""

from __future__ import annotations

import pytest

from fairstream.testing import InMemoryPipeline, loan_events
from stream_app.errors import ConfigError
from stream_app.pipeline.records.alerts import Alert, decode_alert, encode_alert
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result, encode_result
from stream_app.pipeline.replay.verify.compared_range import ComparedRange, range_of_alert
from stream_app.pipeline.replay.verify.recomputation import RecomputedRecord
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS


def run() -> tuple[list[Result], list[Alert]]:
    pipeline = InMemoryPipeline("loans")
    pipeline.send(loan_events(6000, drift="0@0,0.9@60s"))
    pipeline.close_windows()
    results = [result for result in pipeline.exact_results() if isinstance(result, Result)]
    return results, [decode_alert(record.value) for record in pipeline.log.read(FAIRNESS_ALERTS) if record.value]


def test_an_open_range_compares_every_record() -> None:
    results, alerts = run()
    everything = ComparedRange()
    assert alerts
    assert all(map(everything.includes_result, results))
    assert all(map(everything.includes_alert, alerts))
    assert everything.includes_record(RecomputedRecord(FAIRNESS_JOURNAL, "loans", b"", 0))


def test_a_range_excludes_its_start_and_includes_its_end() -> None:
    results, _ = run()
    window = next(result for result in results if result.window != TOTAL_WINDOW)
    assert ComparedRange(window.end_s - 1, window.end_s).includes_result(window)
    assert not ComparedRange(window.end_s, None).includes_result(window)
    assert not ComparedRange(None, window.end_s - 1).includes_result(window)


def test_totals_and_the_journal_are_compared_over_all_time_only() -> None:
    results, _ = run()
    total = next(result for result in results if result.window == TOTAL_WINDOW)
    bounded = ComparedRange(None, total.end_s + 1)
    assert not bounded.includes_result(total)
    assert not bounded.includes_record(RecomputedRecord(FAIRNESS_RESULTS, total.key, encode_result(total), 0))
    assert not bounded.includes_record(RecomputedRecord(FAIRNESS_JOURNAL, "loans", b"", 0))


def test_the_range_of_an_alert_includes_the_alert() -> None:
    _, alerts = run()
    alert = alerts[-1]
    compared = range_of_alert("loans", alert.id, alerts)
    assert compared == ComparedRange(alert.start_s, alert.at_s)
    assert compared.includes_record(RecomputedRecord(FAIRNESS_ALERTS, alert.id, encode_alert(alert), 0))
    with pytest.raises(ConfigError, match=r"No alert 'ffff' of model 'loans'"):
        range_of_alert("loans", "ffff", alerts)
