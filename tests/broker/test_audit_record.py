"""The audit log over a real broker: what it says about topics, once, and a topic that was rewritten since."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from producers.event import Event
from producers.publish import Destination, publish
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.deployment import open_deployment
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import SHIPPED, Policy, parse_policy
from stream_app.programs.audit.anchor import anchor
from stream_app.programs.audit.decisions import DecisionQuery, record_decisions
from stream_app.programs.audit.places import create_log, log_folder, open_log, verifier_key
from stream_app.programs.audit.prove_record import prove_record
from stream_app.programs.audit.recheck import recheck_records
from stream_app.programs.audit.record import record_topics
from stream_app.settings import Settings
from stream_app.topics import declared_topics
from tests.programs.chaos.logs import read_topic
from tests.support.audit_logs import verify_proof
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode, iso, loan

encoded = msgspec.json.encode
decode_json = msgspec.json.decode


@pytest.fixture
def site(kafka: str, fresh_name: Callable[[str], str], tmp_path: Path) -> tuple[Settings, Policy, str]:
    text = (SHIPPED / "loans.toml").read_text("utf-8")
    raw, published = fresh_name("raw"), fresh_name("published")
    text = text.replace('"loan-decisions-raw"', f'"{raw}"').replace('"loan-decisions"', f'"{published}"')
    settings = Settings(kafka=kafka, state_dir=str(tmp_path), app_id=fresh_name("app"))
    policy = parse_policy(text + '\n[models.privacy]\nexportable_records = "pseudonymized"\n')
    create_topics(kafka, declared_topics(policy, settings.app_id))
    create_log(settings, "tests/audit")
    return settings, policy, raw


def send(kafka: str, topic: str, values: range, *, changed: int = -1) -> None:
    events = [
        Event(key=b"k%d" % n, value=b'{"id":%d,"ok":%d}' % (n, n == changed), time_ms=1_796_040_000_000 + n)
        for n in values
    ]
    publish(events, Destination(kafka, topic))


def test_a_topic_that_was_rewritten_does_not_fit_the_log(site: tuple[Settings, Policy, str], tmp_path: Path) -> None:
    settings, policy, raw = site
    send(settings.kafka, raw, range(50))
    first = record_topics(settings, policy, open_log(settings))
    assert first["records"] >= 4  # the partitions of the raw topic
    assert record_topics(settings, policy, open_log(settings)) == {}
    send(settings.kafka, raw, range(50, 70))
    second = record_topics(settings, policy, open_log(settings))
    assert set(second) == {"records"}
    report = recheck_records(settings, log_folder(settings))
    assert (report.n_blocks, report.differing) == (first["records"] + second["records"], [])

    anchor(settings, open_log(settings), to_kafka=False)
    value = b'{"id":7,"ok":0}'
    records = [record for record in read_topic(settings.kafka, raw) if record.value() == value]
    proof = prove_record(settings, raw, records[0].partition(), records[0].offset())
    key = str(verifier_key(settings, None))
    assert verify_proof(tmp_path, proof, key, value).startswith(f"PROVEN: {raw}[")
    assert "NOT PROVEN: the record has another value" in verify_proof(tmp_path, proof, key, value + b" ")
    words = ["--topic", raw, "--partition", str(records[0].partition()), "--offset", str(records[0].offset())]
    words += ["--kafka", settings.kafka, "--state-dir", settings.state_dir, "--compact"]
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "audit", "prove", *words], capture_output=True, timeout=300, check=True
    )
    assert len(done.stdout) < 1_500
    assert verify_proof(tmp_path, done.stdout, key, value).startswith(f"PROVEN: {raw}[")

    with open_deployment(settings.connection) as deployment:
        deployment.delete_topic(raw)
    create_topics(settings.kafka, [spec for spec in declared_topics(policy, settings.app_id) if spec.name == raw])
    send(settings.kafka, raw, range(70), changed=7)
    report = recheck_records(settings, log_folder(settings))
    assert report.differing == [f"{raw} was deleted or created again: its records are not those of the log"]
    assert record_topics(settings, policy, open_log(settings))["records"] >= 4  # the new topic has entries of its own


def test_the_store_has_each_published_decision_once_and_agrees_with_the_topic(
    site: tuple[Settings, Policy, str],
) -> None:
    settings, policy, _ = site
    model = policy.models[0]
    lane = IngestLane()
    day_s = 86_400
    lane.feed([encode(loan(application_id=f"A-{n}", ts=iso(NOW_S - n % 3 * 5))) for n in range(40)])
    lane.flush()
    values = [value or b"" for _, value in lane.written["loan-decisions"]]
    for part in (values[:25], [b"garbage"], values[25:]):
        events = [Event(key=value[-9:], value=value, time_ms=NOW_S * 1000) for value in part]
        publish(events, Destination(settings.kafka, model.output_topic or ""))
        recorded = record_decisions(settings, policy)
        n_decisions = 0 if part == [b"garbage"] else len(part)
        assert (recorded.n_decisions, recorded.n_unreadable) == (n_decisions, len(part) - n_decisions)
    assert record_decisions(settings, policy).n_decisions == 0

    record_topics(settings, policy, open_log(settings), has_proofs=False)
    assert recheck_records(settings, log_folder(settings)).differing == []
    partition = next(iter(read_topic(settings.kafka, model.output_topic or ""))).partition()
    with pytest.raises(ConfigError, match="cannot be proven"):
        prove_record(settings, model.output_topic or "", partition, 0)

    def both(time_range: TimeRange) -> list[list[bytes]]:
        sources = (DecisionQuery.from_topic, DecisionQuery.from_store)
        return [sorted(map(encoded, read(DecisionQuery(settings, model, time_range)))) for read in sources]

    in_topic, stored = both(TimeRange(float("-inf"), float("inf")))
    assert (in_topic, len(stored)) == (stored, len(values))
    in_topic, stored = both(TimeRange(NOW_S - 5, NOW_S))
    assert in_topic == stored
    assert 0 < len(stored) < len(values)
    assert both(TimeRange(NOW_S + day_s, NOW_S + 2 * day_s)) == [[], []]
    erased = decode_json(values[0])["application_id"]
    SuppressionFile(Path(settings.state_dir)).add([erased])
    in_topic, stored = both(TimeRange(float("-inf"), float("inf")))
    assert in_topic == stored
    assert len(stored) == len(values) - 1
