"""The rights of each role: by hand for one policy, and in the words of each format."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ruamel.yaml import YAML

from stream_app.access import FORMATS, ROLES, Right, default_principal, format_rights, rights_of
from stream_app.errors import ConfigError
from stream_app.policy import SHIPPED, load_policy
from stream_app.programs.worker.lane_builder import roles_by_topic
from stream_app.topics import DECLARATIONS
from tests.support.charts.custom_types import faults

POLICIES = sorted(path.stem for path in SHIPPED.glob("*.toml"))


def test_the_worker_of_the_loans_needs_exactly_this() -> None:
    rights = {str(right) for right in rights_of("worker", load_policy("loans"), "fs")}
    reads_and_writes = ["fs-changelog-ingest-loans", "fairness-partials", "fs-changelog-judge", "fairness-policies"]
    writes = ["loan-decisions", "dead-letters", "late-decisions", "fairness-results", "fairness-alerts"]
    writes += ["fairness-journal", "fairness-checkpoints", *reads_and_writes]
    expected = {f"READ on topic {name}" for name in ["loan-decisions-raw", *reads_and_writes]}
    expected |= {f"WRITE on topic {name}" for name in writes}
    expected |= {"READ on group fs", "WRITE on transactional id fs-policies"}
    expected |= {f"WRITE on transactional id fs-{name}-*" for name in ("loan-decisions-raw", "fairness-partials")}
    assert rights == expected


@pytest.mark.parametrize("policy", POLICIES)
def test_every_lane_has_its_transactional_id(policy: str) -> None:
    loaded = load_policy(policy)
    granted = [right for right in rights_of("worker", loaded, "fs") if right.kind == "transactional id"]
    used = {f"fs-{topic}-0" for topic in roles_by_topic(loaded, "fs")} | {"fs-policies"}
    for name in used:
        fitting = [r for r in granted if name == r.name or (r.pattern == "prefixed" and name.startswith(r.name))]
        assert len(fitting) == 1, name
    assert len(granted) == len(used)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_change_or_delete_anything_or_use_a_wildcard(policy: str, role: Any) -> None:
    for right in rights_of(role, load_policy(policy), "fs"):
        assert right.operation in ("READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS")
        assert "*" not in right.name
        assert right.pattern == "literal" or right.kind == "transactional id"


def test_every_topic_names_the_roles_that_write_it() -> None:
    for declaration in DECLARATIONS:
        assert declaration.writers, f"topics.toml: {declaration.role} has no writers"
        assert (declaration.owner == "customer") == (declaration.writers == ("producer",))


def test_only_worker_and_auditor_see_raw_records() -> None:
    for declaration in DECLARATIONS:
        if declaration.role in ("raw", "raw outcomes"):
            assert set(declaration.readers) == {"worker", "auditor"}


RIGHTS = (
    Right("READ", "topic", "a"),
    Right("WRITE", "transactional id", "fs-", "prefixed"),
    Right("READ", "group", "it's"),
    Right("DESCRIBE_CONFIGS", "topic", "b"),
)


def test_the_commands_of_kafka_are_words_of_a_shell() -> None:
    lines = format_rights(RIGHTS, "User:CN=fs worker", "kafka-acls").splitlines()
    options = [dict(zip(words[::2], words[1::2], strict=True)) for words in (shlex.split(x)[6:] for x in lines)]
    assert [o["--allow-principal"] for o in options] == ["User:CN=fs worker"] * 4
    assert options[0]["--topic"] == "a"
    assert options[1] | {"--transactional-id": "fs-", "--resource-pattern-type": "prefixed"} == options[1]
    assert options[2]["--group"] == "it's"
    assert options[3]["--operation"] == "DESCRIBE_CONFIGS"


def test_the_user_of_strimzi_has_the_same_rights() -> None:
    user = YAML(typ="safe").load(format_rights(RIGHTS, "User:fs", "strimzi"))
    acls = user["spec"]["authorization"]["acls"]
    assert (user["kind"], user["metadata"]["name"]) == ("KafkaUser", "fs")
    assert faults(user) == []
    assert [acl["resource"]["type"] for acl in acls] == ["topic", "transactionalId", "group", "topic"]
    assert [acl["resource"]["patternType"] for acl in acls] == ["literal", "prefix", "literal", "literal"]
    assert [acl["operations"] for acl in acls] == [["Read"], ["Write"], ["Read"], ["DescribeConfigs"]]


def test_strimzi_has_no_user_whose_name_is_not_one_of_kubernetes() -> None:
    with pytest.raises(ConfigError, match="--principal User:NAME"):
        format_rights(RIGHTS, "User:CN=fs", "strimzi")


def test_the_commands_of_confluent_have_a_flag_for_a_prefix() -> None:
    lines = [shlex.split(line) for line in format_rights(RIGHTS, "User:sa-1", "confluent").splitlines()]
    assert lines[1][-3:] == ["--transactional-id", "fs-", "--prefix"]
    assert lines[3][-4:] == ["--operations", "describe-configs", "--topic", "b"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("role", ROLES)
def test_every_right_is_in_every_format(role: Any, form: Any) -> None:
    rights = rights_of(role, load_policy("credit"), "fs")
    text = format_rights(rights, default_principal(role), form)
    assert all(right.name in text for right in rights)
