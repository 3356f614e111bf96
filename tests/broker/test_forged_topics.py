"""Forged records in every topic that FairStream writes: none stalls or ends a worker, a command or a page of text.

A broker of its own: nonsense in the topics that all models share is nobody else's to read. The workers seal their
records, as under Compose; without seals access rights are the guard.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from confluent_kafka import Producer

from producers.publish import Destination, publish
from producers.simulated.camera import simulate_camera
from producers.simulated.credit import CreditDrift, simulate_credit
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.cli.exits import Exit
from stream_app.policy import read_policy_text
from stream_app.topics import FAIRNESS_RESULTS
from tests.programs.chaos.logs import read_topic
from tests.support.lanes.forged_topics import forgeries
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)
N = 400
N_FORGED = 40  # honest records of each topic that are changed
QUICK = ("out_of_orderness_s = 5", "out_of_orderness_s = 1, pane_s = 1, idle_s = 1")
BEGIN_MS = 1_795_449_600_000
RAW = ("raw", "raw outcomes")
COMMANDS = (
    ("results", "--last", "0"),
    ("results", "--json", "--all"),
    ("alerts", "list"),
    ("alerts", "list", "--json"),
    ("topics", "check"),
    ("privacy", "retention"),
    ("replay", "verify", "--model", "{loans}"),
    ("replay", "run", "--model", "{loans}", "--published"),
    ("replay", "count", "--model", "{loans}", "--by", "gender", "--from", "2026-11-23T00:00:00Z"),
    ("policy", "check"),
    ("doctor",),
)


def send(site: Site, first: int) -> None:
    """Send N records to each raw topic, from a number on."""
    loans, credit, camera = (str(model["topic"]) for model in site.models)
    timeline = Timeline(BEGIN_MS, 0.2)
    publish(islice(simulate_loans(1, timeline, DriftSchedule()), first, first + N), Destination(site.kafka, loans))
    publish(islice(simulate_camera(1, timeline), first, first + N), Destination(site.kafka, camera))
    decisions = simulate_credit(1, timeline, CreditDrift(), n=2 * N, longest_delay_s=5.0)
    publish(islice((e for e in decisions if not e.is_outcome), first, first + N), Destination(site.kafka, credit))


class Refused:
    """What the broker refused of forged records."""

    def __init__(self) -> None:
        self.errors: list[object] = []

    def append_error(self, error: object, _: object) -> None:
        self.errors += [] if error is None else [error]


def counts(site: Site) -> set[int]:
    """Return what totals of the loans count, honest and forged ones: they are in several partitions."""
    found = set()
    for message in read_topic(site.kafka, FAIRNESS_RESULTS):
        try:
            result = json.loads(message.value() or b"")
            if (result["model"], result["window"]) == (site.models[0]["name"], "total"):
                found.add(int(result["n"]))
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            continue  # forged
    return found


def test_forged_records_in_any_topic_stop_nothing(own_kafka: str, tmp_path: Path, app_id: str) -> None:
    policies = (read_policy_text(name).replace(*QUICK) for name in ("loans", "credit", "camera"))
    site = open_site(own_kafka, tmp_path, app_id, *policies, n_partitions=1)
    key = tmp_path / "record.key"
    key.write_text("0123456789abcdef" * 4 + "\n", "utf-8")
    sealed = {"FAIRSTREAM_RECORD_KEY_FILE": str(key)}
    send(site, 0)
    with site.worker(**sealed) as worker:
        site.wait_until("the first are counted", lambda: N in counts(site))
        assert worker.stop() == 0

    producer, refused = Producer({"bootstrap.servers": site.kafka}), Refused()
    for number, topic in enumerate(spec for spec in site.topics() if spec.role not in RAW):
        own = [(message.key(), message.value() or b"") for message in read_topic(site.kafka, topic.name)]
        for name, value in forgeries(own[-20:], N_FORGED, seed=number):
            named = name or (
                b"forged" if "compact" in topic.config["cleanup.policy"] else None
            )  # where the broker wants a key
            producer.produce(topic.name, value, key=named, partition=0, on_delivery=refused.append_error)
            producer.poll(0)
    assert producer.flush(120) == 0
    assert not refused.errors

    with site.worker(**sealed) as worker:
        send(site, N)
        site.wait_until("the rest is counted", lambda: 2 * N in counts(site))
        assert worker.stop() == 0
    assert not {n for n in counts(site) if 2 * N < n < 2**31}  # nothing is counted twice
    check_log(site)
    for command in COMMANDS:
        done = site.command(*(part.format(loans=site.models[0]["name"]) for part in command))
        said = done.stdout + done.stderr
        assert "Traceback" not in said, command
        assert all(sign.isprintable() or sign in "\n\t" for sign in said), command
        assert done.returncode in {Exit.OK, Exit.USAGE}, command
        assert done.returncode == Exit.OK or said.startswith("fairstream: "), command


def check_log(site: Site) -> None:
    """Check that the workers said what they rejected, without its content."""
    text = site.log_path.read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert not [line for line in lines if "exception" in line]
    assert "forged" not in text
    rejected = [line["message"] for line in lines if line["level"] == "error"]
    for topic in ("fairness-partials", "fairness-policies", f"{site.app_id}-changelog-judge"):
        assert any(f"topic={topic}" in line for line in rejected), topic
