"""A closed network: whom workers and the sink of notifications may talk to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.charts.helm import of_kind, rendered
from tests.support.charts.pod_parts import ALL
from tests.support.servers.command_lines import parse

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm


def ports_of(rules: list[Any]) -> set[int]:
    """Return the ports of rules of a NetworkPolicy."""
    return {port["port"] for rule in rules for port in rule["ports"]}


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("minimal", {53, 9093}),
        ("mutual-tls", {53, 9093, 9094}),
        ("oauth", {53, 9093, 8443}),
        ("scram", {53, 9093, 4318}),
        ("registry", {53, 9093, 8081, 4318}),
    ],
)
def test_a_worker_talks_to_kafka_and_is_asked_for_its_metrics_and_nothing_else(name: str, out: set[int]) -> None:
    (policy,) = of_kind(rendered(ALL[name]), "NetworkPolicy", "-worker")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert ports_of(policy["spec"]["ingress"]) == {9464}
    assert all(rule["from"] for rule in policy["spec"]["ingress"])
    assert ports_of(policy["spec"]["egress"]) == out


def test_the_sink_sends_nothing() -> None:
    (policy,) = of_kind(rendered(ALL["scram"]), "NetworkPolicy", "-notify-sink")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in policy["spec"]
    (deployment,) = of_kind(rendered(ALL["scram"]), "Deployment", "-notify-sink")
    parse(deployment["spec"]["template"]["spec"]["containers"][0]["args"])
