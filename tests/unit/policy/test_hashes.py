"""Hashes of policies and of what the stored counts depend on."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec

from stream_app.policy import (
    DEFAULT_WINDOWS,
    Anomalies,
    Detection,
    Privacy,
    Rules,
    is_cluster_alone,
    load_policy,
    n_labels,
    parse_policy,
)
from stream_app.policy.limits import Sealing
from stream_app.policy.model import JUDGING_FIELDS
from tests.support.policies.plain import PLAIN


def test_the_hash_changes_with_the_policy_and_with_nothing_else() -> None:
    same = PLAIN.replace("keep = [", "# a comment\nkeep   = [")
    other = PLAIN.replace('keep = ["note"]', "")
    assert parse_policy(same).hash() == parse_policy(PLAIN).hash() != parse_policy(other).hash()
    assert len(parse_policy(PLAIN).hash()) == 16


def test_a_permission_to_export_records_is_part_of_the_hash_and_its_absence_is_not() -> None:
    without, stated, given = (
        parse_policy(PLAIN.replace("keep =", line + "keep =")).hash()
        for line in ("", 'privacy = { exportable_records = "none" }\n', 'privacy = { exportable_records = "raw" }\n')
    )
    assert without == stated == "9078d2d0213f413f"  # as it was before there was such a permission
    assert given != without


def test_the_hash_is_the_same_in_every_process() -> None:
    code = "from stream_app.policy import load_policy; print(load_policy('loans').hash())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == load_policy("loans").hash()


def test_a_policy_without_a_model_version_keeps_the_hash_it_had_before_there_was_one() -> None:
    hashes = {name: load_policy(name).hash() for name in ("loanapp", "camera")}
    assert hashes == {"loanapp": "81cdc5679bc8310e", "camera": "9973a06988a97289"}
    credit = load_policy("credit")
    [model] = credit.models
    former = msgspec.structs.replace(credit, models=(msgspec.structs.replace(model, detection=Detection()),))
    assert former.hash() == "c7cf9f878afb6718"


def test_a_model_version_is_in_the_hash_of_the_policy_and_not_in_that_of_the_counts() -> None:
    plain, versioned = parse_policy(PLAIN), parse_policy(PLAIN.replace("keep =", 'model_version = "model.v"\nkeep ='))
    assert versioned.hash() != plain.hash()
    assert versioned.models[0].layout_hash() == plain.models[0].layout_hash()
    assert n_labels(versioned.models[0]) == n_labels(plain.models[0])
    assert versioned.models[0].model_version == "model.v"


def test_the_layout_hash_changes_with_what_the_stored_counts_depend_on() -> None:
    model = parse_policy(PLAIN).models[0]
    looser = msgspec.structs.replace(model.rules, max_gap=0.1)
    same: list[dict[str, Any]] = [{"rules": looser}, {"keep": ()}, {"windows": ()}, {"topic": "other"}]
    other: list[dict[str, Any]] = [{"features": ()}, {"segment": None}, {"attributes": model.attributes[:1]}]
    for change in same:
        assert msgspec.structs.replace(model, **change).layout_hash() == model.layout_hash()
    for change in other:
        assert msgspec.structs.replace(model, **change).layout_hash() != model.layout_hash()


def test_a_cluster_is_in_the_hashes_of_the_policies_that_have_one() -> None:
    plain = parse_policy(PLAIN)
    by_officer, by_person = (
        parse_policy(PLAIN.replace("keep =", f'cluster = "{path}"\nkeep =')) for path in ("officer", "person.id")
    )
    assert len({policy.hash() for policy in (plain, by_officer, by_person)}) == 3
    assert len({policy.models[0].hash() for policy in (plain, by_officer, by_person)}) == 3
    assert len({policy.models[0].layout_hash() for policy in (plain, by_officer, by_person)}) == 3
    assert [is_cluster_alone(policy.models[0]) for policy in (plain, by_officer, by_person)] == [False, True, False]


def test_only_fields_of_judging_are_left_out_of_what_counts_depend_on() -> None:
    model = parse_policy(PLAIN).models[0]
    facts = model.counting_facts()
    assert set(model.__struct_fields__) >= JUDGING_FIELDS
    assert set(facts) == set(model.__struct_fields__) - JUDGING_FIELDS
    judged: list[dict[str, Any]] = [
        {"name": "n"},
        {"topic": "other"},
        {"windows": DEFAULT_WINDOWS},
        {"rules": Rules(max_gap=0.1)},
        {"detection": Detection(max_depth=1)},
        {"privacy": Privacy(k=20)},
        {"sealing": Sealing(auditors=("fspk1.rJRq3O16f7KYXeFFIKxo3NvQ7ViVJsuf1eo14GaFhTA",))},
        {"anomalies": Anomalies(features=("score",), reference="x", digest="0" * 64)},
        {"revision_s": 60},
        {"outcome": load_policy("credit").models[0].outcome},
        {"attributes": (msgspec.structs.replace(model.attributes[0], reference="f"), *model.attributes[1:])},
    ]
    assert {name for change in judged for name in change} == JUDGING_FIELDS | {"attributes"}
    for change in judged:
        assert msgspec.structs.replace(model, **change).counting_facts() == facts, change
    for counted in ({"keep": ()}, {"segment": None}, {"features": ()}, {"max_list_items": 7}, {"output_topic": None}):
        assert msgspec.structs.replace(model, **counted).counting_facts() != facts, counted
