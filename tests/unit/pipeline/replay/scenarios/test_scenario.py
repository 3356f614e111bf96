"""The counting key of a scenario: no field of a policy that counts depend on is missing from it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.replay.scenarios.scenario import Scenario, reject_other_clusters
from stream_app.policy import Anomalies, ModelPolicy, Proxy, load_policy
from stream_app.policy.fields import CameraRecords, Constant, Instance
from stream_app.policy.limits import Publication, Sealing
from stream_app.policy.model import JUDGING_FIELDS

MODEL = load_policy("loans").models[0]

# Another value for every field of a model; a new field needs an entry here, and so a decision about what it changes.
OTHERS: dict[str, Any] = {
    "name": "other", "topic": "other-raw", "format": "avro", "schema_subject": "other", "kind": "counts",
    "output_topic": "other-out",
    "event_time": msgspec.structs.replace(MODEL.event_time, pane_s=20),
    "event_id": msgspec.structs.replace(MODEL.event_id, path="other_id"),
    "identifiers": (), "decision": None, "attributes": MODEL.attributes[:1], "segment": None,
    "model_version": "other_version", "score": load_policy("credit").models[0].score,
    "outcome": load_policy("credit").models[0].outcome, "features": (), "keep": ("other",),
    "constants": (Constant(path="other", values=(1,)),), "boxes": load_policy("camera").models[0].boxes,
    "drop": ("other",), "unknown_fields": "drop", "windows": MODEL.windows[:1],
    "rules": msgspec.structs.replace(MODEL.rules, max_gap=0.1),
    "detection": msgspec.structs.replace(MODEL.detection, design_effect=2.0),
    "privacy": msgspec.structs.replace(MODEL.privacy, k=99), "deduplication_window": 7, "max_record_bytes": 777,
    "max_list_items": 7, "revision_s": 77, "missing": ("NA",), "numbers_as_text": True, "cluster": "officer",
    "instance": Instance(path="predictions"), "sealing": Sealing(auditors=("00" * 32,)),
    "record": CameraRecords(layout="frigate"), "publication": Publication(pooled="x"),
    "anomalies": Anomalies(features=("credit_score",), reference="x", digest="0" * 64),
    "proxies": (Proxy(name="race", groups={"a": "p.a", "b": "p.b"}, reference="b"),),
}  # fmt: skip


def key_of(model: ModelPolicy) -> bytes:
    return Scenario(name="x", model=model, policy_hash="").counting_key


def test_every_field_of_a_model_has_another_value_here() -> None:
    assert set(OTHERS) == set(ModelPolicy.__struct_fields__)
    assert set(ModelPolicy.__struct_fields__) >= JUDGING_FIELDS


@pytest.mark.parametrize("name", ModelPolicy.__struct_fields__)
def test_the_counting_key_changes_with_every_field_that_counts_depend_on(name: str) -> None:
    other = msgspec.structs.replace(MODEL, **{name: OTHERS[name]})
    assert other != MODEL
    is_counted = name not in JUDGING_FIELDS
    assert (key_of(other) != key_of(MODEL)) == is_counted


def test_published_events_answer_only_for_the_clusters_that_they_were_published_under() -> None:
    plain, by_officer, by_branch = (
        Scenario(name=str(cluster), model=msgspec.structs.replace(MODEL, cluster=cluster), policy_hash="")
        for cluster in (None, "officer", "branch")
    )
    reject_other_clusters([by_officer, plain, by_officer])
    reject_other_clusters([plain])
    for scenarios in ([by_officer, by_branch], [plain, by_officer]):
        with pytest.raises(ConfigError, match=r"has the cluster '\w+', whose buckets are not published"):
            reject_other_clusters(scenarios)


def test_of_an_attribute_name_path_and_groups_count_and_the_reference_does_not() -> None:
    gender, *others = MODEL.attributes
    for field, value, is_counted in (
        ("name", "other", True), ("path", "other", True), ("groups", ("a", "b"), True), ("reference", "female", False),
    ):  # fmt: skip
        changed = msgspec.structs.replace(gender, **{field: value})
        model = msgspec.structs.replace(MODEL, attributes=(changed, *others))
        assert (key_of(model) != key_of(MODEL)) == is_counted
