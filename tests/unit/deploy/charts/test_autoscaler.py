"""The autoscaler connects as the worker does, and never asks for more workers than partitions."""

from __future__ import annotations

import pytest

from tests.support.charts.helm import Manifest, of_kind, rendered
from tests.support.charts.pod_parts import ALL, environ_of, worker_of

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm


@pytest.mark.parametrize(("name", "most"), [("scram", 12), ("mutual-tls", 4), ("oauth", 4), ("plaintext", 4)])
def test_the_autoscaler_never_asks_for_more_workers_than_partitions_and_owns_the_number(name: str, most: int) -> None:
    manifests = rendered(ALL[name])
    (scaled,) = of_kind(manifests, "ScaledObject")
    (deployment,) = of_kind(manifests, "Deployment", "-worker")
    assert scaled["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert scaled["spec"]["maxReplicaCount"] == most
    assert scaled["spec"]["minReplicaCount"] >= 1
    assert "replicas" not in deployment["spec"]
    environ = environ_of(worker_of(manifests)["containers"][0])
    for trigger in scaled["spec"]["triggers"]:
        assert trigger["metadata"]["bootstrapServers"] == environ["FAIRSTREAM_KAFKA"]
        assert trigger["metadata"]["consumerGroup"] == environ["FAIRSTREAM_APP_ID"]
        assert all(isinstance(value, str) for value in trigger["metadata"].values())


@pytest.mark.parametrize(
    ("name", "trigger", "parameters"),
    [
        ("scram", {"tls": "enable", "sasl": "scram_sha512"}, {"ca", "password", "username"}),
        ("mutual-tls", {"tls": "enable"}, {"ca", "cert", "key", "keyPassword"}),
        (
            "oauth",
            {"tls": "enable", "sasl": "oauthbearer"},
            {"password", "username", "oauthTokenEndpointUri", "scopes"},
        ),
        ("plaintext", {}, set()),
    ],
)
def test_the_autoscaler_connects_as_the_worker_does(name: str, trigger: dict[str, str], parameters: set[str]) -> None:
    manifests = rendered(ALL[name])
    (scaled,) = of_kind(manifests, "ScaledObject")
    metadata = scaled["spec"]["triggers"][0]["metadata"]
    assert {key: metadata[key] for key in ("tls", "sasl") if key in metadata} == trigger
    found = {part["parameter"] for m in of_kind(manifests, "TriggerAuthentication") for part in _parts(m["spec"])}
    assert found == parameters
    environ = environ_of(worker_of(manifests)["containers"][0])
    for authentication in of_kind(manifests, "TriggerAuthentication"):
        assert {part["name"] for part in authentication["spec"].get("env", [])} <= environ.keys()


def _parts(spec: Manifest) -> list[Manifest]:
    return [*spec["secretTargetRef"], *spec.get("env", [])]
