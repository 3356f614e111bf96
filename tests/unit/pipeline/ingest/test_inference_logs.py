"""The example policies for KServe's logger read responses with one instance; others are rejected with a reason."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.events.formats.instances import with_instance
from stream_app.core.events.formats.texts import RecordHeaders
from stream_app.errors import PolicyError
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.policy.check import check_policy
from stream_app.policy.fields import Instance
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, iso
from tests.support.paths import ROOT

V1, V2 = load_policy(str(ROOT / "docs" / "examples" / "kserve.toml")).models
_RESPONSE = b"org.kubeflow.serving.inference.response"
ONE = {"approved": True, "gender": "female", "applicant_id": "P-1"}
_DATA_TYPES = {bool: "BOOL", str: "BYTES", int: "INT64", float: "FP64"}


def headers(number: int, kind: bytes = _RESPONSE) -> RecordHeaders:
    """Return the headers that the logger sends, as a broker writes them to Kafka."""
    texts = {
        "specversion": "1.0", "id": f"request-{number}", "source": "http://localhost:9081/", "time": iso(NOW_S),
        "inferenceservicename": "credit", "namespace": "default", "component": "predictor", "endpoint": "",
        "metadata": "null",
    }  # fmt: skip
    return [
        ("content-type", b"application/json"),
        ("ce_type", kind),
        *((f"ce_{k}", v.encode()) for k, v in texts.items()),
    ]


def v1(*instances: Any, **more: Any) -> bytes:
    return json.dumps({"predictions": list(instances), **more}).encode()


def tensor(name: str, *values: Any, **changes: Any) -> dict[str, Any]:
    data_type = _DATA_TYPES.get(type(values[0]), "BYTES") if values else "BYTES"
    return {"name": name, "datatype": data_type, "shape": [len(values)], "data": list(values), **changes}


def v2(*tensors: Any, **more: Any) -> bytes:
    return json.dumps(
        {"model_name": "credit", "model_version": "3", "id": "7", "outputs": list(tensors), **more}
    ).encode()


GOOD = [tensor(name, value) for name, value in ONE.items()]


def fed(model: ModelPolicy, *values: bytes | None) -> IngestLane:
    lane = IngestLane(model)
    lane.feed(values, headers=map(headers, range(len(values))))
    lane.flush()
    return lane


@pytest.mark.parametrize(("model", "value"), [(V1, v1(ONE)), (V2, v2(*GOOD)), (V2, v2(*GOOD, tensor("other", 1.5)))])
def test_a_response_with_one_instance_counts_without_its_identifiers(model: ModelPolicy, value: bytes) -> None:
    lane = fed(model, value, value)
    lane.feed([value, value], headers=[headers(1), headers(2, b"org.kubeflow.serving.inference.request")])
    lane.flush()
    assert (lane.n_counted, lane.counts.n_duplicates, lane.reasons) == (2, 1, ["schema"])
    assert lane.labels().keys() == {("female", "favorable")}
    assert not [raw for raw in (b"P-1", b"request-") if raw in lane.everything()]


@pytest.mark.parametrize(
    ("model", "value", "reason"),
    [
        (V1, v1(), "cardinality"),
        (V1, v1(ONE, ONE), "cardinality"),
        (V1, v1(*[1] * 300_000), "cardinality"),
        (V1, v1(1), "type"),
        (V1, v1([ONE]), "type"),
        (V1, json.dumps({"predictions": ONE}).encode(), "type"),
        (V1, json.dumps({"predictions": None}).encode(), "type"),
        (V1, b'{"predictions":[{"approved":true,"approved":false,"gender":"female","applicant_id":"1"}]}', "dup_key"),
        (V1, b'{"predictions":[],' + v1(ONE)[1:], "dup_key"),
        (V1, b"{}", "missing"),
        (V1, b"[1]", "schema"),
        (V1, b'{"predictions":[', "json"),
        (V1, b'{"predictions":["\xff"]}', "encoding"),
        (V1, b'{"predictions":' + b"[" * 100 + b"]" * 100 + b"}", "json"),
        (V2, v2(), "missing"),
        (V2, v2(*(tensor(name, value, value) for name, value in ONE.items())), "cardinality"),
        (V2, v2(*GOOD, tensor("other", 1, 2)), "cardinality"),
        (V2, v2(*GOOD, tensor("other", 1, shape=[2])), "cardinality"),
        (V2, v2(*GOOD, tensor("other", 1, 2, shape=[1])), "cardinality"),
        (V2, v2(*GOOD, tensor("other", shape=[0])), "cardinality"),
        (V2, v2(*GOOD, tensor("other", 1, shape=[2**63 - 1] * 20_000)), "cardinality"),
        (V2, v2(*GOOD, tensor("approved", False)), "dup_key"),
        (V2, v2(*GOOD, {"name": "b", "shape": [1], "parameters": {"binary_data_size": 3}}), "missing"),
        (V2, v2(*GOOD, tensor("other", 1, shape="1")), "type"),
        (V2, v2(*GOOD, 5), "type"),
        (V2, v2(*GOOD[1:], tensor("approved", [True])), "type"),
        (V2, json.dumps({"outputs": ONE}).encode(), "type"),
    ],
)
def test_every_other_shape_is_a_dead_letter_that_costs_its_record_alone(
    model: ModelPolicy, value: bytes, reason: str
) -> None:
    good = v1(ONE) if model is V1 else v2(*GOOD)
    lane = fed(model, good, value, None, good)
    assert (lane.reasons, lane.n_counted, lane.counts.n_tombstones) == ([reason], 2, 1)


def test_the_list_may_be_inside_an_object_and_a_scalar_may_be_the_decision() -> None:
    instance = Instance(path="data.predictions")
    assert with_instance(b'{"id":"7","data":{"a":1.0e5,"predictions":[1]}}', instance) == (
        b'{"id":"7","data":{"a":1.0e5,"predictions":1}}'
    )


@given(
    st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4), max_size=4),
    st.recursive(st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
)
def test_nothing_but_the_list_changes(others: dict[str, Any], one: Any) -> None:
    record = others | {"predictions": [one]}
    found = with_instance(json.dumps(record).encode(), Instance(path="predictions"))
    assert isinstance(found, bytes)
    assert json.loads(found) == record | {"predictions": one}


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        (Instance(path="instances"), "no field of the policy is in the instance"),
        (Instance(path="$headers.predictions"), "not in its headers"),
        (Instance(path="predictions.approved", layout="tensors"), "expected the name of one"),
    ],
)
def test_an_instance_that_leads_nowhere_is_an_error_of_the_policy(instance: Instance, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        check_policy(Policy(schema=1, models=(msgspec.structs.replace(V1, instance=instance),)))
