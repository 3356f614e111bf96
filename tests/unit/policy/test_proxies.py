"""Proxies in a policy: what is allowed, what the errors say, and that other policies keep their hashes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of, n_tests_of
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.policy_change import mapping_between
from stream_app.policy import Detection, ModelPolicy, load_policy, parse_policy

BASE = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = {{ path = "id", link_domain = "d" }}
event_time = {{ path = "t" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
{more}
"""
RACE = 'proxies = [{ name = "race", groups = { white = "p.white", black = "p.black" }, reference = "white" }]'
SEX = 'attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]'
SCORE = 'score = { path = "score", minimum = 0, maximum = 1, edges = [0.5] }'


def model_of(*more: str) -> ModelPolicy:
    return parse_policy(BASE.format(more="\n".join(more))).models[0]


def race(**changes: Any) -> str:
    groups = changes.get("groups", '{ white = "w", black = "b" }')
    return f'proxies = [{{ name = "{changes.get("name", "race")}", groups = {groups}, reference = "white" }}]'


def test_a_model_may_have_proxies_instead_of_attributes_or_beside_them() -> None:
    assert layout_of(model_of(RACE)).dimensions == (("decision", ("favorable", "unfavorable")),)
    both = model_of(SEX, RACE, SCORE)
    assert [feature.name for feature in both.counted_features] == ["race=white", "race=black", "score"]
    assert layout_of(both).n_features == 3


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([""], r"attributes: needs an attribute, or proxies"),
        ([RACE, SCORE], r"attributes: needs an attribute, or proxies without a score or outcome"),
        ([race(groups='{ white = "w", black = "w" }')], r"path 'w' occurs twice"),
        ([race(groups='{ white = "w", black = "w.b" }')], r"inside path 'w'"),
        ([race(groups='{ white = "w" }')], r"proxies\[0\]\.groups"),
        ([race(groups='{ green = "w", black = "b" }')], r"reference: 'white' is not one of its groups"),
        ([race(groups='{ white = "w", White = "b" }')], r"occurs twice"),
        ([race(groups='{ white = "w", unknown = "b" }')], r"'unknown' occurs twice"),
        ([race(groups='{ white = "w", "a & b" = "b" }')], r"joins groups to intersections"),
        ([SEX, race(name="sex")], r"'sex' occurs twice"),
        ([race(name="decision")], r"'decision' is reserved"),
        ([RACE, 'cluster = "officer"'], r"cluster: not allowed with proxies"),
        ([RACE, 'kind = "counts"'], "not allowed for kind 'counts'"),
    ],
)
def test_what_does_not_fit_names_the_field_and_the_fault(more: list[str], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        model_of(*more)


def test_a_policy_without_proxies_keeps_its_hashes() -> None:
    shipped = load_policy("loans")
    model = msgspec.structs.replace(shipped.models[0], detection=Detection())  # as it was shipped then
    loans = msgspec.structs.replace(shipped, models=(model,))
    assert (loans.hash(), model.hash()) == ("b3740b76980ed670", "2d7201de5139303e")
    assert model.layout_hash() == "5b3c057cb14d6274"


def test_paths_and_groups_count_and_the_reference_does_not() -> None:
    model = model_of(RACE)
    [proxy] = model.proxies
    hashes = {model.layout_hash()}
    for groups in ({"white": "p.w", "black": "p.black"}, {"white": "p.white", "black": "p.black", "asian": "p.a"}):
        changed = msgspec.structs.replace(model, proxies=(msgspec.structs.replace(proxy, groups=groups),))
        hashes.add(changed.layout_hash())
    assert len(hashes) == 3
    other = msgspec.structs.replace(model, proxies=(msgspec.structs.replace(proxy, reference="black"),))
    assert other.layout_hash() == model.layout_hash()
    assert other.hash() != model.hash()


def test_each_pair_of_a_proxy_takes_its_part_of_the_budget() -> None:
    without, with_race = model_of(SEX), model_of(SEX, RACE)
    assert n_tests_of(with_race)[BudgetFamily.ATTRIBUTES] == 2 * n_tests_of(without)[BudgetFamily.ATTRIBUTES]
    assert log_thresholds_of(with_race)[BudgetFamily.ATTRIBUTES] > log_thresholds_of(without)[BudgetFamily.ATTRIBUTES]


def test_counts_are_taken_over_when_a_proxy_is_added_gets_a_group_or_is_removed() -> None:
    policies = [
        model_of(SEX),
        model_of(SEX, RACE),
        model_of(SEX, RACE.replace("black =", 'asian = "p.asian", black =')),
    ]
    vectors = ([4], [4, 3, 30, 300, 3, 20, 200], [4, 3, 30, 300, 0, 0, 0, 3, 20, 200])
    for old, new, before, after in (
        (0, 1, vectors[0], [4, 0, 0, 0, 0, 0, 0]),
        (1, 2, vectors[1], vectors[2]),
        (2, 1, [4, 3, 30, 300, 3, 5, 25, 3, 20, 200], vectors[1]),
        (1, 0, vectors[1], [4]),
    ):
        mapping = mapping_between(policies[old], policies[new])
        assert mapping is not None
        assert mapping.map_cells({0: before}) == {0: after}
