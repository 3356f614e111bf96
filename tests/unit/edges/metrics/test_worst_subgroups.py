"""The worst subgroup that is exported, and the intervals that are not."""

from __future__ import annotations

import json
from itertools import combinations

import msgspec
import numpy as np
import pytest

from stream_app.edges.metrics.breach_rows import BreachedPair, BreachRows
from stream_app.edges.metrics.fairness_values import N_WORST
from stream_app.edges.metrics.series_limit import count_series
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.records.results import CROSS, ProxyValues, Result
from stream_app.policy import load_policy
from tests.support.alarm_stage import LABELS, RATE, RATIO, AlarmStage, Chance, fair
from tests.support.sample_alert import ALERT


@pytest.mark.parametrize("seed", range(20))
def test_the_worst_subgroup_that_is_exported_is_the_worst_of_the_results(seed: int) -> None:
    stage = AlarmStage(seed, n=int(np.random.default_rng(seed).integers(300, 3000)))
    stage.minutes(2, random_chance(seed))
    for minute in range(4):
        stage.minute(random_chance(seed) if minute < 3 else fair)
        exported: dict[tuple[str, str], dict[str, float]] = {}
        for labels, ratio in stage.rows(RATIO):
            exported.setdefault((labels["attribute"], labels["window"]), {})[labels["group"]] = ratio
        newest = {(r.attribute, r.window): r for r in stage.lane.results if r.window != "total"}
        for place, result in newest.items():
            if CROSS in result.attribute and (worst := worst_of_json(result)) is not None:
                assert exported[place].get(worst[0]) == worst[1], (minute, place, worst)
                assert len(exported[place]) >= min(N_WORST, len(result.groups) - 1)


def test_a_page_never_has_more_series_than_the_policy_may_make() -> None:
    stage = AlarmStage(5)
    stage.minutes(8, lambda labels: RATE * (0.4 if {"female", "black", "60+"} & set(labels) else 1.0))
    fairness = [
        sample
        for family in stage.registry.collect()
        for sample in family.samples
        if "model" in sample.labels and "attribute" in sample.labels
    ]
    assert len(fairness) <= count_series(stage.policy)
    assert all(len(value.encode()) < 200 for sample in fairness for value in sample.labels.values())


def random_chance(seed: int) -> Chance:
    """Return random effects of labels and of pairs of them."""
    rng = np.random.default_rng(seed)
    labels = [label for names in LABELS[:3] for label in names]
    effects = {frozenset([label]): rng.uniform(0.6, 1.0) for label in labels}
    effects |= {frozenset(pair): rng.uniform(0.4, 1.0) for pair in combinations(labels, 2) if rng.random() < 0.2}

    def chance(combination: tuple[str, ...]) -> float:
        return RATE * float(np.prod([effect for own, effect in effects.items() if own <= set(combination)]))

    return chance


def worst_of_json(result: Result) -> tuple[str, float] | None:
    """Return the worst group by what `results --json` prints: by state, then by how far the ratio is from 1."""
    disclosed = json.loads(msgspec.json.encode(disclose_result(result, load_policy("loans").models[0].privacy.k)))
    order = ("ok", "insufficient", "warning", "breach")
    rows = [row for row in disclosed["groups"] if row["evidence"] and row["disparate_impact_ratio"] is not None]

    def rank(row: dict[str, object]) -> tuple[int, float]:
        ratio = float(str(row["disparate_impact_ratio"]))
        return order.index(str(row["state"])), -(min(ratio, 1 / ratio) if ratio else 0.0)

    if not rows:
        return None
    worst = max(rows, key=rank)
    return worst["group"], worst["disparate_impact_ratio"]


@pytest.mark.parametrize("depends", ["estimated", "cluster"])
def test_no_interval_is_exported_that_takes_dependent_or_estimated_cases_for_independent_ones(depends: str) -> None:
    model = load_policy("loans").models[0]
    alert = ALERT
    if depends == "cluster":
        model = msgspec.structs.replace(model, cluster="officer_id")
    else:
        alert = msgspec.structs.replace(ALERT, proxy=ProxyValues(n_effective=400.0, rate_bounds=None))
    rows = BreachRows()
    rows.show(model, [BreachedPair(alert, 0.8, "gender")], {})
    exported = {family.name for family in rows.families() if family.samples}
    assert {f"fairstream_breach_{RATIO}", "fairstream_breach_gap_ratio"} <= exported
    assert not [name for name in exported if name.endswith(("_lower", "_upper"))]
