"""``fairstream produce credit`` on a real broker: decisions and outcomes in their topics, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs.chaos.logs import read_raw
from tests.support.servers.sites import open_site

pytestmark = pytest.mark.timeout(900)


def test_each_outcome_lies_in_the_partition_of_its_decision(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), "credit", n_partitions=5)
    done = site.command("produce", "credit", "--count", "2000", "--rate", "0", "--duplicate", "0.1", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    [model] = site.models
    logs = [read_raw(kafka, topic) for topic in (model["topic"], model["outcome"]["topic"])]
    decided, came = (
        {json.loads(row.value or b"")["application_id"]: partition for partition, rows in log.items() for row in rows}
        for log in logs
    )
    assert len(decided) == 2000
    assert len(set(decided.values())) == 5
    assert len(came) > 1000
    assert {case: decided[case] for case in came} == came
    assert sum(len(rows) for log in logs for rows in log.values()) == summary["sent"] > len(decided) + len(came)


def test_a_missing_topic_of_outcomes_is_said_before_anything_is_sent(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), "credit", n_partitions=1)
    text = site.policy_file.read_text("utf-8")
    outcome_topic = site.models[0]["outcome"]["topic"]
    site.policy_file.write_text(text.replace(outcome_topic, f"{outcome_topic}-x"), "utf-8")
    done = site.command("produce", "credit", "--count", "10")
    assert done.returncode == 2
    assert f"Topic '{outcome_topic}-x' does not exist" in done.stderr
    assert read_raw(kafka, site.models[0]["topic"]) == {}
