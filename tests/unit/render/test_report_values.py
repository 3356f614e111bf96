"""What a reader of the report must find: every value of the verdict, the worst subgroups, charts that are not empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape
from typing import Any

import msgspec
import pytest

from fairstream.testing import InMemoryPipeline, loan_events
from stream_app.core.groups.comparison import PlainRule, State
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult, disclose_result
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.scenarios.comparison import compare_runs
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import Rules, load_policy
from stream_app.render.report.alerts import write_alerts, write_causes
from stream_app.render.report.charts import charted_window, draw_timeline
from stream_app.render.report.subgroups import write_subgroups
from stream_app.render.report.tables import write_comparison, write_verdict
from stream_app.topics import FAIRNESS_ALERTS

LOANS = load_policy("loans").models[0]
HOUR_S, DAY_S = 3_600, 86_400


@pytest.fixture(scope="module")
def drifted() -> ScenarioResults:
    """Return what a stream that turned unfair published, disclosed."""
    pipeline = InMemoryPipeline("loans")
    pipeline.send(loan_events(15_000, seed=8, drift="0@0,0.9@120s"))
    pipeline.close_windows()
    results = [disclose_result(result, 10) for result in pipeline.exact_results() if isinstance(result, Result)]
    alerts = [disclose_alert(decode_alert(record.value or b""), 10) for record in pipeline.log.read(FAIRNESS_ALERTS)]
    return ScenarioResults("original", results, alerts)


def cells(html: str) -> list[list[str]]:
    """Return the cells of the rows of all tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [[unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def group(name: str, **fields: Any) -> DisclosedGroup:
    return DisclosedGroup(group=name, **fields)


def result(window: str, end_s: int, groups: Sequence[DisclosedGroup], **changes: Any) -> DisclosedResult:
    size_s = {"1d": DAY_S, "30d": 30 * DAY_S, "total": end_s}[window]
    known: dict[str, Any] = dict.fromkeys(DisclosedResult.__struct_fields__) | {
        "attribute": "race",
        "reference": "white",
        "window": window,
        "size_s": size_s,
        "start_s": end_s - size_s,
        "end_s": end_s,
        "groups": tuple(groups),
        "state": State.OK,
        "k": 10,
    }
    return DisclosedResult(**known | changes)


def alert(name: str, change: str, at_s: int, **changes: Any) -> DisclosedAlert:
    known: dict[str, Any] = dict.fromkeys(DisclosedAlert.__struct_fields__) | {
        "attribute": "race",
        "group": name,
        "reference": "white",
        "test": PairTest.RATIO_LOW,
        "change": change,
        "at_s": at_s,
    }
    return DisclosedAlert(**known | changes)


def test_the_verdict_has_every_value_of_every_group(drifted: ScenarioResults) -> None:
    html = write_verdict(drifted, LOANS.rules)
    rows = {(row[0], row[1]): row[2:] for row in cells(html)}
    for total in drifted.newest_totals():
        for own in total.groups:
            row = rows[total.attribute, own.group]
            assert row[:2] == [f"{own.n:,}", f"{own.rate:.4f}"]
            if own.group != total.reference:
                bounds = own.ratio_bounds
                assert bounds is not None
                interval = f"{bounds.lower:.3f} to {bounds.upper:.3f}"
                assert row[2:5] == [f"{own.disparate_impact_ratio:.4f}", interval, f"{own.gap:+.4f}"]
    assert rows["gender", "female"][-1].startswith("breach")
    assert rows["gender", "male"][-1] == "reference"
    assert "breaches were detected" in html


def test_the_verdict_is_never_fair_beside_an_exceeded_limit() -> None:
    beyond = group("black", n=197, rate=0.675, disparate_impact_ratio=0.743, state=State.OK,
                   rules=(PlainRule.DISPARATE_IMPACT_RATIO,))  # fmt: skip
    scenario = ScenarioResults("original", [result("total", 1000, [beyond])], [])
    html = write_verdict(scenario, Rules())
    assert cells(html)[1][-1] == "limit exceeded, not proven: ratio"
    assert "Limit exceeded, not proven: race black." in html
    assert 'class="verdict warning"' in html
    assert ">ok<" not in html
    assert "limit exceeded, not proven" in draw_timeline([scenario._replace(results=[result("1d", DAY_S, [beyond])])],
                                                         Rules())  # fmt: skip


def test_the_worst_subgroups_name_their_window_and_prefer_the_running_totals() -> None:
    of_total = group("yes", n=339, rate=0.6, disparate_impact_ratio=0.79, gap=-0.15, state=State.OK)
    of_day = group("yes", n=86, rate=0.7, disparate_impact_ratio=0.838, gap=-0.1, state=State.OK)
    results = [result("total", DAY_S // 2, [of_total]), result("1d", DAY_S, [of_day])]
    [row] = cells(write_subgroups(ScenarioResults("original", results, []), Rules()))[1:]
    assert row[:6] == ["race", "yes vs. white", "total", "339", "0.6000", "0.7900"]


def test_the_worst_subgroups_are_in_order_and_the_worst_is_that_of_the_results(drifted: ScenarioResults) -> None:
    rows = cells(write_subgroups(drifted, LOANS.rules))[1:]
    ratios = [float(row[5]) for row in rows]
    breaches = [row[-1].startswith("breach") for row in rows]
    assert breaches == sorted(breaches, reverse=True)
    in_breach = [ratio for ratio, is_breach in zip(ratios, breaches, strict=True) if is_breach]
    assert in_breach == sorted(in_breach)
    assert all(re.fullmatch(r"total|1h to .*Z|5m to .*Z|1m to .*Z", row[2]) for row in rows)


def test_a_pair_in_breach_is_listed_when_its_last_windows_are_suppressed_and_when_all_are() -> None:
    shown = group("black & male", n=44, rate=0.3, disparate_impact_ratio=0.49, gap=-0.4, state=State.OK)
    suppressed = group("black & male", hidden="small_cell")
    results = [result("30d", 30 * DAY_S, [shown]), result("30d", 60 * DAY_S, [suppressed])]
    alerts = [alert("black & male", "breach", DAY_S), alert("few", "breach", DAY_S), alert("over", "breach", DAY_S)]
    alerts.append(alert("over", "recovery", 2 * DAY_S))
    rows = cells(write_subgroups(ScenarioResults("original", results, alerts), Rules()))[1:]
    assert [(row[1], row[2], row[-1]) for row in rows] == [
        ("black & male vs. white", "30d to 1970-01-31 00:00:00Z", "breach"),
        ("few vs. white", "suppressed", "breach"),
    ]


def test_pairs_in_breach_beyond_the_longest_list_are_listed_too() -> None:
    groups = [
        group(f"g{number:02}", n=50, rate=0.3, disparate_impact_ratio=number / 100, gap=0.0, state=State.BREACH)
        for number in range(20, 60)
    ]
    alerts = [alert(own.group, "breach", 0) for own in groups]
    rows = cells(write_subgroups(ScenarioResults("original", [result("1d", DAY_S, groups)], alerts), Rules()))[1:]
    assert [row[1] for row in rows] == [f"{own.group} vs. white" for own in groups]


def test_charts_take_the_shortest_window_that_is_not_mostly_suppressed() -> None:
    shown, hidden = group("black", n=50, rate=0.5, state=State.OK), group("black", hidden="small_cell")
    days = [result("1d", day * DAY_S, [shown if not day % 10 else hidden]) for day in range(1, 121)]
    months = [result("30d", month * 30 * DAY_S, [shown]) for month in range(1, 5)]
    has_rate: Callable[[DisclosedGroup], bool] = lambda own: own.rate is not None  # noqa: E731
    assert charted_window([*days, *months], has_rate) == "30d"
    all_days = [msgspec.structs.replace(day, groups=(shown,)) for day in days]
    assert charted_window([*all_days, *months], has_rate) == "1d"
    assert charted_window([*all_days, *months], has_rate, is_longest=True) == "30d"
    assert charted_window([*days, *months[:1]], has_rate) == "1d"  # no other has enough points
    assert charted_window([], has_rate) == ""


def test_segments_have_the_name_of_their_field(drifted: ScenarioResults) -> None:
    windows = [own for own in drifted.results if own.window != "total"]
    for html in (write_alerts(drifted, windows, LOANS), write_causes(drifted, LOANS)):
        assert "product=home" in html
        assert ">home<" not in html


def test_zero_reads_zero_and_states_are_words() -> None:
    fair = group("black", n=50, rate=0.0, disparate_impact_ratio=0.0, gap=0.0, state=State.OK)
    breach = msgspec.structs.replace(fair, state=State.BREACH)
    before, after = (
        ScenarioResults(name, [result("1d", DAY_S, [own]), result("total", DAY_S, [own])], [])
        for name, own in (("original", fair), ("other", breach))
    )
    rows = cells(write_comparison(compare_runs(before, after)))
    assert ["race", "black", "windows of 1d: no alarm", "1", "0", "-1"] in rows
    assert ["race", "black", "windows of 1d: breach", "0", "1", "1"] in rows
    assert cells(write_verdict(before, Rules()))[1][2:6] == ["50", "0.0000", "0.0000", "+0.0000"]


def test_what_is_about_other_times_is_not_compared() -> None:
    """Live totals lag behind, or are withheld; a value that both have is then that of the newest common window."""
    day, later = [group("black", n=50)], [group("black", n=70)]
    windows = [result("1d", DAY_S, day), result("1d", 2 * DAY_S, day), result("30d", 30 * DAY_S, day)]
    before = ScenarioResults("live", [*windows, result("total", 30 * DAY_S, day)], [])
    after = ScenarioResults("other", [*windows[:2], result("total", 31 * DAY_S, later)], [])
    [n] = [delta for delta in compare_runs(before, after).deltas if delta.field == "n"]
    assert (n.original, n.scenario, n.delta) == (50, 50, 0)
    withheld = ScenarioResults("live", [result("total", 31 * DAY_S, [group("black")])], [])
    [n] = [delta for delta in compare_runs(withheld, after).deltas if delta.field == "n"]
    assert (n.original, n.scenario, n.delta) == (None, 70, None)
    same = ScenarioResults("live", [*windows, result("total", 31 * DAY_S, day)], [])
    [n] = [delta for delta in compare_runs(same, after).deltas if delta.field == "n"]
    assert (n.original, n.scenario, n.delta) == (50, 70, 20)
