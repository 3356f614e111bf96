"""Commands about privacy on a real broker: fields of a live topic, and how long real topics keep records."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.edges.kafka.admin import create_topics
from stream_app.errors import TopicError
from stream_app.policy import SHIPPED, parse_policy
from stream_app.topics import TopicSpec, declared_topics


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["privacy", *words], env={"COLUMNS": "80"})


def rows(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def policy_file(tmp_path: Path, fresh_name: Callable[[str], str]) -> Path:
    """Return the shipped policy of the cameras with topics that nobody used before."""
    text = (SHIPPED / "camera.toml").read_text("utf-8")
    text = text.replace('"camera-metadata-raw"', f'"{fresh_name("raw")}"')
    path = tmp_path / "policy.toml"
    path.write_text(text.replace('"camera-metadata"', f'"{fresh_name("out")}"'), "utf-8")
    return path


def test_the_newest_records_of_a_topic_are_inspected_and_no_value_is_shown(
    kafka: str, policy_file: Path, app_id: str
) -> None:
    raw = declared_topics(parse_policy(policy_file.read_text("utf-8")), app_id)[0]
    topic = raw.name
    flags = ["--kafka", kafka, "--topic", topic, "--policy", str(policy_file), "--json"]
    assert isinstance(run("inspect", *flags).exception, TopicError)
    create_topics(kafka, [raw])
    producer = KafkaProducer(bootstrap_servers=kafka)
    for number in range(30):
        producer.send(topic, json.dumps({"track_id": number, "extra": {"mail": f"ana{number}@example.org"}}).encode())
    producer.send(topic, b"\xff not JSON")
    producer.send(topic, key=b"gone", value=None)
    producer.close()
    result = run("inspect", *flags)
    assert result.exit_code == 0, result.output
    *fields, summary = rows(result)
    assert [(field["path"], field["handling"]) for field in fields] == [
        ("track_id", "pseudonymized"),
        ("extra.mail", "dropped, as undeclared"),
    ]
    assert (summary["n_records"], summary["n_unreadable"]) == (30, 1)
    assert "@example" not in result.output


def test_the_retention_of_real_topics_is_judged_in_both_directions(kafka: str, policy_file: Path, app_id: str) -> None:
    specs = declared_topics(parse_policy(policy_file.read_text("utf-8")), app_id)
    raw, output = (next(spec for spec in specs if spec.role == role) for role in ("raw", "output"))

    def judged() -> dict[str, Any]:
        result = run("retention", "--kafka", kafka, "--policy", str(policy_file), "--app-id", app_id, "--json")
        reports = {report["topic"]: report for report in rows(result)}
        return reports | {"exit": result.exit_code}

    def with_retention(spec: TopicSpec, retention_ms: str) -> TopicSpec:
        return msgspec.structs.replace(spec, config=spec.config | {"retention.ms": retention_ms})

    assert judged()[raw.name]["verdict"] == "missing"
    create_topics(kafka, [with_retention(raw, "-1"), with_retention(output, "86400000")])
    reports = judged()
    assert reports["exit"] == 1
    assert (reports[raw.name]["verdict"], reports[raw.name]["kept_ms"]) == ("unlimited", -1)
    assert reports[output.name]["verdict"] == "too short"
