"""Topics on a real broker: created as declared, found as they are, and one line when the broker is away."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient

from stream_app.edges.kafka.admin import check_topics, compare_topics, count_existing, create_topics
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.policy import SHIPPED, Policy, parse_policy
from stream_app.topics import TopicSpec, declared_topics


@pytest.fixture
def policy(fresh_name: Callable[[str], str]) -> Policy:
    """Return the shipped policy of the loans with topics that nobody used before."""
    text = (SHIPPED / "loans.toml").read_text("utf-8")
    text = text.replace('"loan-decisions-raw"', f'"{fresh_name("raw")}"')
    return parse_policy(text.replace('"loan-decisions"', f'"{fresh_name("out")}"'))


@pytest.fixture
def own_specs(policy: Policy, app_id: str) -> list[TopicSpec]:
    """Return the declared topics that no other test shares."""
    return [spec for spec in declared_topics(policy, app_id) if _is_own(spec)]


def _is_own(spec: TopicSpec) -> bool:
    return re.search(r"\bit-", spec.name) is not None


def test_topics_are_created_as_declared_and_a_second_call_changes_nothing(
    kafka: str, own_specs: list[TopicSpec]
) -> None:
    assert {report.state for report in create_topics(kafka, own_specs)} == {"created"}
    check_topics(kafka, own_specs)
    assert {report.state for report in create_topics(kafka, own_specs)} == {"existing"}


def test_a_missing_topic_is_named_with_the_command_that_makes_it(kafka: str, own_specs: list[TopicSpec]) -> None:
    create_topics(kafka, own_specs[1:])
    with pytest.raises(TopicError, match=rf"Missing topics: {own_specs[0].name}\. Run: fairstream topics create"):
        check_topics(kafka, own_specs)


def test_a_topic_of_our_own_with_other_settings_is_a_mistake(kafka: str, own_specs: list[TopicSpec]) -> None:
    state = next(spec for spec in own_specs if spec.role == "ingest changelog")
    altered = msgspec.structs.replace(state, config={**state.config, "cleanup.policy": "delete"})
    create_topics(kafka, [altered])
    with pytest.raises(TopicError, match=r"cleanup\.policy delete, declared compact\. Change the topic's settings"):
        check_topics(kafka, [state])


def test_partitions_are_added_to_the_topics_that_follow_a_raw_topic_that_has_grown(
    kafka: str, own_specs: list[TopicSpec], policy: Policy, app_id: str
) -> None:
    create_topics(kafka, own_specs)
    raw = policy.models[0].topic
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_partitions({raw: 6})
    admin.close()
    _wait_for_partitions(kafka, raw, 6)
    grown = [spec for spec in declared_topics(policy, app_id, existing={raw: 6}) if _is_own(spec)]
    with pytest.raises(TopicError, match=r"partitions 4, declared 6.* Run: fairstream topics create"):
        check_topics(kafka, grown)
    states = {report.name: report.state for report in create_topics(kafka, grown)}
    followers = [spec for spec in grown if spec.is_following and spec.role != "judge changelog"]  # that follows another
    assert {states[spec.name] for spec in followers} == {"grown"}
    check_topics(kafka, grown)
    shrunk = declared_topics(policy, app_id, existing={raw: 2})  # a raw topic that was created again: more are no harm
    check_topics(kafka, [spec for spec in shrunk if spec.is_following and _is_own(spec)])


def test_a_raw_topic_of_the_customer_keeps_its_settings_and_is_followed(
    kafka: str, policy: Policy, app_id: str
) -> None:
    raw = policy.models[0].topic
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics({raw: {"num_partitions": 7}}, wait_for_metadata=True)
    admin.close()
    specs = declared_topics(policy, app_id, existing=count_existing(kafka, [raw]))
    followers = {spec.role: spec.partitions for spec in specs}
    assert (followers["raw"], followers["output"], followers["ingest changelog"], followers["partials"]) == (7, 7, 7, 4)
    report = compare_topics(kafka, specs[:1])[0]
    assert (report.state, report.is_mistake) == ("differing", False)
    assert "message.timestamp.type CreateTime, declared LogAppendTime" in report.differences


def test_the_commands_create_and_check_and_exit_with_2_before_the_topics_exist(
    kafka: str, tmp_path: Path, policy: Policy, app_id: str
) -> None:
    text = (SHIPPED / "loans.toml").read_text("utf-8").replace("loan-decisions", policy.models[0].topic + "-x")
    (tmp_path / "policy.toml").write_text(text, "utf-8")
    flags = ["--kafka", kafka, "--policy", str(tmp_path / "policy.toml"), "--app-id", app_id, "--json"]
    before = run("check", *flags)
    assert before.returncode == 2
    assert "fairstream topics create" in before.stderr
    created = run("create", *flags, "--partitions", "3")
    assert created.returncode == 0, created.stderr
    after = run("check", *flags)
    assert after.returncode == 0, after.stderr
    states = {report["name"]: report["state"] for report in map(json.loads, after.stdout.splitlines())}
    assert states[f"{app_id}-changelog-ingest-loans"] == "existing"
    assert count_existing(kafka, [f"{app_id}-changelog-ingest-loans"]) == {f"{app_id}-changelog-ingest-loans": 3}


def test_no_broker_is_one_line_on_stderr_and_exit_code_2() -> None:
    answer = run("check", "--kafka", "127.0.0.1:1")
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert "No Kafka broker answers at 127.0.0.1:1" in answer.stderr


def test_a_port_that_accepts_and_never_answers_is_no_broker() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(BrokerUnavailableError, match="No Kafka broker answers"):
            count_existing(f"127.0.0.1:{mute.getsockname()[1]}", ["any"])


def _wait_for_partitions(kafka: str, topic: str, n_partitions: int) -> None:
    deadline = time.monotonic() + 30
    while count_existing(kafka, [topic]) != {topic: n_partitions}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``fairstream topics`` as a person would, without settings from this machine."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")}
    return subprocess.run(
        [sys.executable, "-m", "stream_app", "topics", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
