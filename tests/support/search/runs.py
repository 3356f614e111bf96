"""Searches among alternatives to a decision rule, and the replay of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.pipeline.replay.ranges.range_run import run_range
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.search.counting import AlternativeCounts
from stream_app.pipeline.replay.search.deciding import DecidingRule
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.released_cuts import SearchRelease
from stream_app.pipeline.replay.search.request import Claims, RuleList, list_pairs, list_rules
from stream_app.pipeline.replay.search.results import PairValues
from stream_app.pipeline.replay.search.rules import AlternativeRule, parse_cuts
from stream_app.pipeline.replay.search.scores import LoggedScore, ModelScore, ScoreSource
from stream_app.pipeline.replay.search.summary import Comparison, compare_alternatives
from stream_app.pipeline.replay.time_range import TimeRange
from tests.support.search.records import MODEL, sources_of

ALL = TimeRange(float("-inf"), float("inf"))
CUTS = parse_cuts("0.3:0.7:0.05")


def search(
    kind: str = "raw",
    *,
    time_range: TimeRange = ALL,
    score: str = "credit.score",
    cuts: Sequence[float] = CUTS,
    by_segment: bool = True,
    k: int = 0,
    outcomes: OutcomeLabels | None = None,
) -> tuple[Comparison, RuleList]:
    """Count every alternative in one replay and compare them."""
    rules = list_rules(MODEL, cuts, 1, by_segment=by_segment)
    counts = AlternativeCounts(MODEL, [source_of(score)], cuts, time_range, outcomes, by_segment=by_segment)
    counts.count(sources_of(kind, counts.observe))
    pairs = list_pairs(MODEL, None, None)
    comparison = compare_alternatives(
        counts.tables,
        [score],
        rules,
        pairs,
        Claims(),
        release=SearchRelease(k),
        has_outcomes=outcomes is not None,
        design_effect=1.0,
    )
    return comparison, rules


def source_of(score: str) -> ScoreSource:
    """Return where a score comes from; ``challenger`` is a model."""
    return (
        LoggedScore(score) if score != "challenger" else ModelScore(score, MODEL, lambda rows: np.sqrt(rows[:, 0] / 60))
    )


def own_replay(kind: str, rule: AlternativeRule, score: str, time_range: TimeRange) -> dict[str, Result]:
    """Return the running totals of a replay of one rule, by attribute."""
    deciding = DecidingRule(MODEL, rule, source_of(score))
    run = run_range(sources_of(kind, deciding.observe), [original_scenario(MODEL)], time_range, lambda *_: None)
    [report] = run.reports.values()
    return {result.attribute: result for result in report.results if result.window == TOTAL_WINDOW}


def values_of(result: Result, pair: PairValues) -> dict[str, Any]:
    """Return what a replay of one rule says about a pair."""
    rows = {row.group: row for row in result.groups}
    group, reference = rows[pair.group], rows[pair.reference]
    return {
        "n": group.n,
        "favorable": group.favorable,
        "n_reference": reference.n,
        "favorable_reference": reference.favorable,
        "rate": group.rate,
        "rate_reference": reference.rate,
        "disparate_impact_ratio": group.disparate_impact_ratio,
        "gap": group.gap,
    }
