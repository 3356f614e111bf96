"""The resources of Strimzi are those of the declared topics, and valid by the schema of its version 1.0."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from stream_app.cli import app, load_commands
from stream_app.errors import ConfigError
from stream_app.policy import SHIPPED, load_policy
from stream_app.strimzi import is_resource_name, resource_name
from stream_app.topics import TopicSpec, declared_topics
from tests.support.charts.custom_types import faults

POLICIES = sorted(path.stem for path in SHIPPED.glob("*.toml"))


def listed(*arguments: str) -> list[dict[str, Any]]:
    """Return the resources that ``fairstream topics list`` prints."""
    load_commands()
    answer = CliRunner().invoke(app, ["topics", "list", "--format", "strimzi", *arguments])
    assert answer.exit_code == 0, answer.output
    return list(yaml.load_all(answer.stdout, yaml.CSafeLoader))


def as_spec(resource: dict[str, Any]) -> tuple[str, int, dict[str, str]]:
    """Return the topic that Strimzi makes of a resource."""
    spec = resource["spec"]
    return spec.get("topicName", resource["metadata"]["name"]), spec["partitions"], spec["config"]


@pytest.mark.parametrize("policy", POLICIES)
def test_the_resources_are_the_declared_topics(policy: str) -> None:
    specs = declared_topics(load_policy(policy), "fs", partitions=12)
    resources = listed("--policy", policy, "--app-id", "fs", "--partitions", "12", "--with-raw", "--cluster", "prod")
    assert [as_spec(resource) for resource in resources] == [(s.name, s.partitions, s.config) for s in specs]
    for resource in resources:
        assert faults(resource) == []
        assert (resource["apiVersion"], resource["kind"]) == ("kafka.strimzi.io/v1", "KafkaTopic")
        assert resource["metadata"]["labels"] == {"strimzi.io/cluster": "prod"}


def test_topics_of_the_customer_are_left_to_the_customer() -> None:
    names = {as_spec(resource)[0] for resource in listed("--policy", "credit")}
    specs = declared_topics(load_policy("credit"), "fairstream")
    assert names == {spec.name for spec in specs if spec.owner == "fairstream"}
    assert "credit-decisions-raw" not in names


def test_an_unknown_format_names_those_that_there_are() -> None:
    load_commands()
    answer = CliRunner().invoke(app, ["topics", "list", "--format", "helm"])
    assert isinstance(answer.exception, ConfigError)
    assert "text, strimzi" in str(answer.exception)


def test_json_stays_json_in_any_format() -> None:
    load_commands()
    answer = CliRunner().invoke(app, ["topics", "list", "--format", "strimzi", "--json"])
    assert {"name", "partitions", "config"} <= json.loads(answer.stdout.splitlines()[0]).keys()
    assert set(TopicSpec.__struct_fields__) >= {"name", "partitions", "config"}


@given(st.from_regex(r"[A-Za-z0-9._-]{1,249}", fullmatch=True))
def test_every_topic_has_a_name_that_kubernetes_allows(topic: str) -> None:
    assert is_resource_name(resource_name(topic))


def test_topics_whose_names_differ_little_get_different_resources() -> None:
    topics = ["loans_raw", "loans-raw", "loans.raw", "Loans-raw", "LOANS_RAW", "_", "-", "__"]
    assert len({resource_name(topic) for topic in topics}) == len(topics)
