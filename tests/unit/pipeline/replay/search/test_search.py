"""The search counts every alternative at once; each of them equals its own replay, bit for bit."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.ranges.range_run import run_range
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.search.counting import AlternativeCounts
from stream_app.pipeline.replay.search.released_cuts import SearchRelease
from stream_app.pipeline.replay.search.request import Claims, list_pairs, list_rules
from stream_app.pipeline.replay.search.rules import AlternativeRule, parse_cuts, parse_rule, score_field
from stream_app.pipeline.replay.search.scores import LoggedScore
from stream_app.pipeline.replay.search.summary import compare_alternatives
from stream_app.pipeline.replay.time_range import TimeRange
from tests.support.search.records import MODEL, START_S, all_outcomes, by_hand, sources_of
from tests.support.search.runs import ALL, CUTS, own_replay, search, values_of


@pytest.mark.parametrize(
    ("kind", "time_range", "score"),
    [
        ("raw", ALL, "credit.score"),
        ("published", ALL, "credit.score"),
        ("raw", TimeRange(START_S + 60, START_S + 70), "credit.score"),
        ("published", TimeRange(START_S + 60, START_S + 70), "challenger"),
        ("raw", ALL, "years"),
    ],
)
def test_each_alternative_equals_its_own_replay(kind: str, time_range: TimeRange, score: str) -> None:
    cuts = CUTS if score != "years" else [10.0, 20.0, 33.0]
    comparison, rules = search(kind, time_range=time_range, score=score, cuts=cuts)
    assert len(comparison.alternatives) == len(rules.rules) == len(cuts) + len(cuts) ** 2
    chosen = [1, len(cuts) + 1, len(rules.rules) - 2]
    for number in chosen:
        alternative, rule = comparison.alternatives[number], rules.rules[number]
        assert (alternative.rule, parse_rule(alternative.rule, MODEL)) == (rule.text, rule)
        totals = own_replay(kind, rule, score, time_range)
        assert [
            msgspec.structs.asdict(pair) | values_of(totals[pair.attribute], pair) for pair in alternative.pairs
        ] == [msgspec.structs.asdict(pair) for pair in alternative.pairs]
        everyone = totals["sex"].groups
        assert (alternative.n, alternative.favorable) == (
            sum(row.n for row in everyone),
            sum(row.favorable for row in everyone),
        )


def test_the_logged_decisions_are_those_of_a_replay_without_a_rule() -> None:
    comparison, _ = search()
    report = run_range(
        sources_of("raw", lambda _: lambda *_: None), [original_scenario(MODEL)], ALL, lambda *_: None
    ).reports["original"]
    totals = {result.attribute: result for result in report.results if result.window == TOTAL_WINDOW}
    for pair in comparison.logged.pairs:
        assert msgspec.structs.asdict(pair).items() >= values_of(totals[pair.attribute], pair).items()
    assert [pair.group for pair in comparison.logged.pairs] == ["f", "under 30", "50 and over"]


def test_outcomes_are_found_by_the_event_id_and_unknown_ones_make_bounds() -> None:
    model = msgspec.structs.replace(MODEL, event_time=msgspec.structs.replace(MODEL.event_time, out_of_orderness_s=80))
    counts = AlternativeCounts(model, [LoggedScore("credit.score")], CUTS, ALL, all_outcomes(), by_segment=False)
    counts.count(sources_of("raw", counts.observe, model))
    comparison = compare_alternatives(
        counts.tables,
        ["credit.score"],
        list_rules(model, CUTS, 1, by_segment=False),
        list_pairs(model, "sex", None),
        Claims(),
        release=SearchRelease(0),
        has_outcomes=True,
        design_effect=1.0,
    )
    for cut, alternative in zip(CUTS, comparison.alternatives, strict=True):
        good, bad, unknown = by_hand(cut)
        assert unknown
        outcomes = alternative.outcomes
        assert outcomes is not None
        assert (alternative.favorable, outcomes.n_not_known) == (good + bad + unknown, unknown)
        assert (outcomes.lower, outcomes.upper) == (
            good / (good + bad + unknown),
            (good + unknown) / (good + bad + unknown),
        )
        assert outcomes.interval.lower < outcomes.lower < outcomes.upper
        assert outcomes.interval.upper is not None
        assert outcomes.interval.upper > outcomes.upper
        assert alternative.log_e_outcomes is not None


@pytest.mark.parametrize("by_segment", [False, True])
def test_no_two_cuts_differ_about_fewer_than_k_people_of_a_group(*, by_segment: bool) -> None:
    k = 12
    comparison, _ = search(by_segment=by_segment, k=k, cuts=parse_cuts("0.3:0.7:0.1"))
    withheld = [pair.withheld for row in comparison.alternatives for pair in row.pairs]
    assert "neighbors" in withheld
    assert None in withheld
    for place in range(len(comparison.logged.pairs)):
        for side in ("favorable", "favorable_reference"):
            cuts = [row for row in comparison.alternatives[:5] if row.pairs[place].withheld is None]
            counts = [getattr(row.pairs[place], side) for row in cuts]
            assert all(after == before or before - after >= k for before, after in pairwise(counts))
    assert all(
        pair.log_e is None and pair.n is None and pair.is_found is None
        for row in comparison.alternatives
        for pair in row.pairs
        if pair.withheld is not None
    )


def test_a_small_group_is_withheld_with_everything_about_it() -> None:
    comparison, _ = search(k=10_000)
    assert {pair.withheld for row in comparison.alternatives for pair in row.pairs} == {"small_cell"}
    assert comparison.logged.n is None
    assert all(row.favorable is None and row.outcomes is None for row in comparison.alternatives)


def test_too_many_combinations_are_tried_one_segment_at_a_time() -> None:
    rules = list_rules(MODEL, parse_cuts("0.30:0.70:0.01"), 1, by_segment=True)
    assert not rules.is_complete
    assert rules.rules[41:43] == (AlternativeRule(None, {"north": 0.3}), AlternativeRule(None, {"north": 0.31}))
    assert len(rules.rules) == 41 * 3
    with pytest.raises(ConfigError, match="alternatives, at most 1,000"):
        list_rules(MODEL, parse_cuts("0.001:1:0.001"), 2, by_segment=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.4:0.7", "Invalid --cuts"),
        ("0.7:0.4:0.1", "Invalid --cuts"),
        ("0.4:0.7:0", "Invalid --cuts"),
        ("0.4:0.7:-1", "Invalid --cuts"),
        ("0:1:0.0001", "at most 1,000"),
        ("x", "'x' is not a cut"),
        ("nan", "'nan' is not a cut"),
        ("1e400", "is not a cut"),
        ("0.5,", "'' is not a cut"),
    ],
)
def test_cuts_of_another_form_are_rejected(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_cuts(text)


@pytest.mark.parametrize("text", ["east=0.5", "north=0.5,North=0.6", "north=", "=0.5", "north=0.5,"])
def test_rules_of_another_form_are_rejected(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_rule(text, MODEL)


def test_only_declared_numbers_decide() -> None:
    assert [score_field(MODEL, path).path for path in (None, "score", "credit.score", "years")] == [
        "credit.score",
        "credit.score",
        "credit.score",
        "years",
    ]
    with pytest.raises(ConfigError, match="no number 'sex'"):
        score_field(MODEL, "sex")
    with pytest.raises(ConfigError, match="declares no score"):
        score_field(msgspec.structs.replace(MODEL, score=None), None)
    with pytest.raises(ConfigError, match="No pair"):
        list_pairs(MODEL, "sex", "m")
