"""Records between real workers are sealed: a forged one is counted and named, and the lanes go on."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from producers.publish import Destination, publish
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.core.windows.partials import decode_partial, encode_partial
from stream_app.pipeline.records.policies import encode_policy, policy_record
from stream_app.pipeline.seals import take_seal
from stream_app.policy import read_policy_text
from stream_app.topics import FAIRNESS_PARTIALS, FAIRNESS_POLICIES, FAIRNESS_RESULTS, changelog_topic
from tests.programs.chaos.logs import read_json, read_topic
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)
N = 300
# A pane closes soon after its events.
QUICK = ("out_of_orderness_s = 5", "out_of_orderness_s = 1, pane_s = 1, idle_s = 1")


def send(site: Site, first: int) -> None:
    events = simulate_loans(1, Timeline(1_795_449_600_000, 0.2), DriftSchedule())
    publish(islice(events, first, first + N), Destination(site.kafka, site.models[0]["topic"]))


def n_counted(site: Site) -> int:
    model = site.models[0]["name"]
    totals = [
        r for r in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if (r["model"], r["window"]) == (model, "total")
    ]
    return int(totals[-1]["n"] or 0) if totals else 0


def test_forged_records_between_workers_are_counted_and_stop_nothing(kafka: str, tmp_path: Path, app_id: str) -> None:
    site = open_site(kafka, tmp_path, app_id, read_policy_text("loans").replace(*QUICK), n_partitions=1)
    key = tmp_path / "record.key"
    key.write_text("0123456789abcdef" * 4 + "\n", "utf-8")
    sealed = {"FAIRSTREAM_RECORD_KEY_FILE": str(key)}
    send(site, 0)
    with site.worker() as worker:  # as before there was a key
        site.wait_until("the first are counted", lambda: n_counted(site) == N)
        assert worker.stop() == 0
    with site.worker(**sealed, FAIRSTREAM_UNSEALED_RECORDS="accept") as worker:
        send(site, N)
        site.wait_until("the state is taken over", lambda: n_counted(site) == 2 * N)
        assert worker.stop() == 0

    own = [message for message in read_topic(kafka, FAIRNESS_PARTIALS) if app_id.encode() in (message.value() or b"")]
    record, tag = take_seal(own[-1].value())
    assert tag is not None
    partial = msgspec.structs.replace(decode_partial(record), next_offset=2**50, closed_before_s=2**40)
    policy = site.policy.models[0]
    loose = msgspec.structs.replace(policy, rules=msgspec.structs.replace(policy.rules, min_n=9_999))
    producer = Producer({"bootstrap.servers": kafka})
    state, forged = changelog_topic(app_id, "judge"), policy_record(loose, app_id, 2**41)
    for topic, name, value in (
        (FAIRNESS_PARTIALS, own[-1].key(), encode_partial(partial)),
        (state, b"next", b"999999"),
        (state, b"invented", b"\xff"),
        (FAIRNESS_POLICIES, forged.key.encode(), encode_policy(forged)),
    ):
        producer.produce(
            topic, key=name, value=value, partition=own[-1].partition() if topic == FAIRNESS_PARTIALS else 0
        )
    assert producer.flush(120) == 0

    with site.worker(**sealed) as worker:
        send(site, 2 * N)
        site.wait_until("the rest is counted", lambda: n_counted(site) == 3 * N)
        assert worker.stop() == 0
    other = tmp_path / "new.key"
    other.write_text("fedcba9876543210" * 4 + "\n", "utf-8")
    changing = {"FAIRSTREAM_RECORD_KEY_FILE": str(other), "FAIRSTREAM_OTHER_RECORD_KEY_FILE": str(key)}
    for number, environ in ((3, changing), (4, {"FAIRSTREAM_RECORD_KEY_FILE": str(other)})):
        with site.worker(**environ) as worker:  # the key is changed, then the one before ends
            send(site, number * N)
            site.wait_until(f"part {number} is counted", lambda n=number: n_counted(site) == (n + 1) * N)  # type: ignore[misc]
            assert worker.stop() == 0
    log = [json.loads(line) for line in site.log_path.read_text("utf-8").splitlines() if line.startswith("{")]
    rejected = [line["message"] for line in log if line["level"] == "error"]
    assert any(line.startswith(f"State entries rejected, no worker writes such: topic={state}") for line in rejected)
    assert any("topic=fairness-partials" in line and "fault=seal" in line for line in rejected)
    assert any("topic=fairness-policies" in line and "fault=seal" in line for line in rejected)
    assert not any("exception" in line for line in log)
