"""Forged records in every internal topic of a real worker: each is named and counted, and nothing stops or is lost.

A broker of its own: nonsense in the topics that all models share is nobody else's to read.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from producers.publish import Destination, publish
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.core.windows.partials import Partial, encode_partial
from stream_app.pipeline.records.alerts import encode_alert
from stream_app.pipeline.records.outcome_results import decode_every_result
from stream_app.pipeline.records.results import Result
from stream_app.policy import read_policy_text
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_PARTIALS, FAIRNESS_RESULTS, outcome_join_topic
from tests.broker.test_hostile_inputs import scrape
from tests.programs.chaos.logs import read_topic
from tests.support.lanes.forged_bytes import ESCAPES, UNREADABLE
from tests.support.sample_alert import ALERT
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)
N = 300
# A pane closes soon after its events.
QUICK = ("out_of_orderness_s = 5", "out_of_orderness_s = 1, pane_s = 1, idle_s = 1")
# Topics that only commands and pages read, and that of policies, which a worker reads at its start.
OF_READERS = ("results", "alerts", "journal", "checkpoints", "dead letters", "late decisions", "policies")


def send(site: Site, first: int) -> None:
    events = simulate_loans(1, Timeline(1_795_449_600_000, 0.2), DriftSchedule())
    publish(islice(events, first, first + N), Destination(site.kafka, site.models[0]["topic"]))


def n_counted(site: Site) -> int:
    """Return what the newest running totals of the loans say; forged records are passed over."""
    model, newest = site.models[0]["name"], 0
    for message in read_topic(site.kafka, FAIRNESS_RESULTS):
        try:
            result = decode_every_result(message.value() or b"")
        except msgspec.MsgspecError:
            continue
        if isinstance(result, Result) and (result.model, result.window) == (model, "total"):
            newest = result.n or 0
    return newest


def forged_partials(site: Site) -> dict[str, bytes]:
    """Return partials that can be read, and that no worker writes."""
    policy = site.policy.models[0]
    true = Partial(
        model=policy.name,
        layout_hash=policy.layout_hash(),
        topic=policy.topic,
        partition=0,
        n_partitions=1,
        next_offset=1,
        closed_before_s=None,
        max_event_s=None,
        is_idle=False,
        app_id=site.app_id,
        policy_hash=policy.hash(),
    )
    changes: dict[str, dict[str, object]] = {
        "a negative offset": {"next_offset": -1},
        "a partition of none": {"partition": 77},
        "negative partitions": {"n_partitions": -(2**40)},
        "a time before all years": {"closed_before_s": -(2**62)},
        "a part of too many": {"part": 2**31, "n_parts": 2**62},
        "a policy before all": {"policy_number": -1},
        "a policy that is not registered": {"policy_hash": "f" * 64, "next_offset": 2},
        "a log that no topic has": {"log_number": 2**62},
    }
    return {name: encode_partial(msgspec.structs.replace(true, **change)) for name, change in changes.items()}


def forged_alerts(site: Site) -> dict[str, bytes]:
    """Return alerts that can be read, with numbers that cannot be shown or texts that command a terminal."""
    changes: dict[str, dict[str, object]] = {
        "an onset in no year": {"onset_earliest_s": -(2**62), "onset_latest_s": 2**62},
        "a count of 4,000 digits": {"n": 10**3_999, "favorable": -(10**3_999)},
        "escapes": {"group": ESCAPES, "sentence": ESCAPES, "attribute": ESCAPES},
    }
    own = msgspec.structs.replace(ALERT, model=f"{site.app_id}-credit")
    return {name: encode_alert(msgspec.structs.replace(own, **change)) for name, change in changes.items()}


def test_forged_records_in_every_internal_topic_stop_nothing(own_kafka: str, tmp_path: Path, app_id: str) -> None:
    loans, credit = read_policy_text("loans").replace(*QUICK), read_policy_text("credit")
    site = open_site(own_kafka, tmp_path, app_id, loans, credit, n_partitions=1)
    topics = {spec.role: spec for spec in site.topics() if spec.owner == "fairstream"}
    assert {*OF_READERS} <= {*topics}
    producer = Producer({"bootstrap.servers": own_kafka})

    def forge(topic: str, values: dict[str, bytes], n_partitions: int = 1) -> int:
        for number, value in enumerate(values.values()):
            producer.produce(topic, value, key=b"\xff\xfe" * number, partition=number % n_partitions)
        assert producer.flush(120) == 0
        return len(values)

    with site.worker() as worker:
        send(site, 0)
        site.wait_until("the first are counted", lambda: n_counted(site) == N)
        join = outcome_join_topic(app_id, f"{app_id}-credit")
        n_unreadable = forge(FAIRNESS_PARTIALS, UNREADABLE, topics["partials"].partitions) + forge(join, UNREADABLE)
        forge(FAIRNESS_PARTIALS, forged_partials(site), topics["partials"].partitions)
        for role in OF_READERS:
            forge(topics[role].name, UNREADABLE, topics[role].partitions)
        forge(FAIRNESS_ALERTS, forged_alerts(site))
        send(site, N)
        site.wait_until("the rest is counted", lambda: n_counted(site) == 2 * N, timeout_s=60)
        faults: dict[str, float] = {}
        site.wait_until("all are rejected", lambda: rejected_by_fault(site, faults)["unreadable"] >= n_unreadable)
        assert faults["unreadable"] == n_unreadable
        assert {"offset", "partition", "time", "part", "policy"} <= {*faults}
        assert worker.stop() == 0
    with site.worker() as worker:  # reads the policies again
        send(site, 2 * N)
        site.wait_until("what follows is counted", lambda: n_counted(site) == 3 * N, timeout_s=60)
        assert worker.stop() == 0

    text = site.log_path.read_text("utf-8")
    log = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert "Traceback" not in text
    assert not any("exception" in line for line in log)
    named = [line["message"] for line in log if line["message"].startswith("Record rejected, no worker writes such")]
    for topic in (FAIRNESS_PARTIALS, join):
        assert any(re.search(rf"topic={topic} partition=\d+ offset=\d+ fault=[a-z]+$", line) for line in named), topic
    model = site.models[0]["name"]
    for arguments, note in (
        (("results", "--model", model), FAIRNESS_RESULTS),
        (("alerts", "list"), FAIRNESS_ALERTS),
        (("replay", "verify", "--model", model), "VERIFIED"),
    ):
        done = site.command(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert note in done.stdout + done.stderr, (arguments, done.stdout, done.stderr)
        assert not {*"\x1b\x07\u202e\u2066"} & {*(done.stdout + done.stderr)}, arguments


def rejected_by_fault(site: Site, faults: dict[str, float]) -> dict[str, float]:
    """Read the metric of rejected records into a table by fault."""
    faults.update({"unreadable": 0.0} | scrape(site).by("rejected_partials", "fault"))
    return faults
