"""Right: known records in, known numbers out; and every number again by an independent counter.

One worker process counts three streams at once: the Boston Fed records, the decisions made without randomness, and a
stream with late, duplicate, disordered, broken and unlisted records over four partitions.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import pytest
from confluent_kafka import Producer

from producers.event import Event
from producers.publish import Destination, publish
from producers.simulated.disorder import Disorder
from producers.simulated.drift import parse_drift
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.topics import FAIRNESS_RESULTS
from tests.programs.chaos.audit import audit_everything
from tests.programs.chaos.disturbed import spoil
from tests.programs.chaos.logs import read_json, read_raw, read_sources, read_topic
from tests.programs.chaos.recount import Recount, label_of, recount
from tests.programs.chaos.verdicts import audit_every_result, audit_results
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

# A short deduplication window, so that some duplicates are beyond it and count again.
MESS = """
schema = 1
[[models]]
name = "mess"
topic = "mess-raw"
output_topic = "mess"
event_id = { path = "application_id", link_domain = "application" }
identifiers = [{ path = "applicant_id", link_domain = "applicant" }]
decision = { path = "approved", favorable = true, unfavorable = [false] }
event_time = { path = "ts", out_of_orderness_s = 5, pane_s = 5, idle_s = 2.0 }
attributes = [
    { name = "gender", path = "gender", groups = ["female", "male"], reference = "male" },
    { name = "race", path = "race", groups = ["asian", "black", "hispanic", "white"], reference = "white" },
    { name = "age", path = "age_band", groups = ["18-29", "30-44", "45-59", "60+"], reference = "30-44" },
]
segment = { name = "product", path = "product", values = ["auto", "home", "personal", "student"] }
features = [{ name = "credit_score", path = "credit_score", minimum = 300, maximum = 850 }]
keep = ["region"]
windows = [{ name = "10s", size_s = 10 }, { name = "30s", size_s = 30 }]
deduplication_window = 1000
"""
N_MESS = 20_000
PSEUDONYM = re.compile(r"hm1\.[a-z2-7]{6,8}\.[A-Za-z0-9_-]{22}")
ALL = "total"


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Produce all three streams and return when everything is counted and no worker runs any more."""
    site = open_site(kafka, tmp_path_factory.mktemp("right"), f"it-{uuid.uuid4().hex[:8]}", "loanapp", "loans", MESS)
    loanapp, loans, mess = site.models
    with site.worker():
        for stream, model in (("loanapp", loanapp), ("reference", loans)):
            done = site.command("produce", stream, "--model", model["name"], "--partition", "0")
            assert done.returncode == 0, done.stderr
        publish(mess_of_events(), Destination(kafka, mess["topic"]), rate=6000)  # so that results come on the way
        send_tombstones(kafka, mess["topic"])
        wanted = {loanapp["name"]: 1989, loans["name"]: 6000, mess["name"]: n_counted(site, mess)}
        site.wait_until("all events are in the totals", lambda: wanted == n_in_totals(site, wanted))
        site.wait_until("the last windows have closed", lambda: len(closed(site, loanapp, "race", "500s")) == 4)
        site.wait_until("the last windows have closed", lambda: len(closed(site, loans, "gender", "1m")) == 6)
        site.wait_until("every attribute of every window has its result", lambda: not unpublished(site, mess))
    return site


def mess_of_events() -> Iterator[Event]:
    timeline = Timeline(1_795_449_600_000, 0.01)
    loans = islice(simulate_loans(7, timeline, parse_drift("0..0.9@60s-120s")), N_MESS)
    disorder = Disorder(7, late_share=0.1, duplicate_share=0.1, late_by_s=40.0)
    return spoil(disorder.disturb(loans), random.Random(7), share=0.05)


def send_tombstones(kafka: str, topic: str) -> None:
    producer = Producer({"bootstrap.servers": kafka})
    for partition in range(4):
        producer.produce(topic, key=b"gone", value=None, partition=partition)
    assert producer.flush(120) == 0


def recounts_of(site: Site, model: dict[str, Any]) -> dict[int, Recount]:
    return {partition: recount(log, model) for partition, log in read_raw(site.kafka, model["topic"]).items()}


def n_counted(site: Site, model: dict[str, Any]) -> int:
    return sum(len(counts.counted) for counts in recounts_of(site, model).values())


def results_of(site: Site, model: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        result for result in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if result["model"] == model["name"]
    ]


def unpublished(site: Site, model: dict[str, Any]) -> list[str]:
    """Return what the results still lack: each attribute, and each cross of attributes, is judged on its own."""
    findings = audit_results(recounts_of(site, model), results_of(site, model), model, {})
    return [str(finding.first) for finding in findings if not finding.is_exact]


def n_in_totals(site: Site, models: dict[str, int]) -> dict[str, int]:
    totals = {r["model"]: r["n"] for r in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if r["window"] == ALL}
    return {name: totals.get(name, 0) for name in models}


def closed(site: Site, model: dict[str, Any], attribute: str, window: str) -> list[dict[str, tuple[int, int, float]]]:
    """Return n, favorable and ratio by group of each window in order of time, of its last revision."""
    newest = {
        r["start_s"] if window != ALL else 0: r
        for r in results_of(site, model)
        if (r["attribute"], r["window"]) == (attribute, window)
    }
    return [
        {g["group"]: (g["n"], g["favorable"], g["disparate_impact_ratio"]) for g in newest[start]["groups"]}
        for start in sorted(newest)
    ]


def rounded(groups: dict[str, tuple[int, int, float]]) -> dict[str, tuple[int, int, float | None]]:
    return {group: (n, k, ratio and round(ratio, 6)) for group, (n, k, ratio) in groups.items()}


def test_the_boston_fed_records_give_the_published_counts_and_ratios(site: Site) -> None:
    (race,) = closed(site, site.models[0], "race", ALL)
    assert rounded(race) == {
        "white": (1681, 1527, None),
        "black": (197, 133, 0.743214),
        "hispan": (111, 85, 0.842994),
    }
    (sex,) = closed(site, site.models[0], "sex", ALL)
    assert (sex["female"][:2], sex["male"][:2], sex["unknown"][:2]) == ((369, 319), (1605, 1411), (15, 15))


def test_windows_of_500_rows_hold_the_reference_counts(site: Site) -> None:
    windows = [rounded(groups) for groups in closed(site, site.models[0], "race", "500s")]
    assert windows == [
        {"white": (418, 379, None), "black": (52, 40, 0.848386), "hispan": (30, 25, 0.919085)},
        {"white": (420, 376, None), "black": (46, 28, 0.679926), "hispan": (34, 24, 0.788486)},
        {"white": (421, 386, None), "black": (56, 37, 0.720624), "hispan": (23, 19, 0.900991)},
        {"white": (422, 386, None), "black": (43, 28, 0.711893), "hispan": (24, 17, 0.774396)},
    ]


def test_the_stream_without_randomness_gives_its_six_windows(site: Site) -> None:
    windows = [rounded(groups) for groups in closed(site, site.models[1], "gender", "1m")]
    assert windows == [
        {"female": (100, 88, 1.005076), "male": (900, 788, None)},
        {"female": (100, 87, 0.994917), "male": (900, 787, None)},
        {"female": (100, 88, 1.005076), "male": (900, 788, None)},
        {"female": (100, 62, 0.709022), "male": (900, 787, None)},
        {"female": (100, 63, 0.719543), "male": (900, 788, None)},
        {"female": (100, 62, 0.709022), "male": (900, 787, None)},
    ]


def test_the_mess_holds_every_fate_that_a_record_can_have(site: Site) -> None:
    recounts = list(recounts_of(site, site.models[2]).values())
    assert len(recounts) == 4
    for partition in recounts:
        assert min(map(len, (partition.rejected, partition.late, partition.duplicates))) > 20
        assert len(partition.tombstones) == 1
        labels = {label for _, cell in partition.counted.values() for label in cell}
        assert {"unknown", "__other__"} <= labels


def test_an_independent_counter_finds_every_cell_result_and_fate_equal(site: Site) -> None:
    model = site.models[2]
    recounts = recounts_of(site, model)
    results = results_of(site, model)
    assert len({(r["window"], r["start_s"], r["attribute"]) for r in results}) > 80
    findings = [*audit_everything(site.kafka, recounts, model), audit_every_result(recounts, results, model)]
    assert [(finding.what, finding.first) for finding in findings if not finding.is_exact] == []


def test_outputs_stand_in_the_order_of_their_sources(site: Site) -> None:
    model = site.models[2]
    wanted = {partition: list(counts.counted) for partition, counts in recounts_of(site, model).items()}
    assert read_sources(site.kafka, model["output_topic"]) == wanted


def test_what_is_published_is_what_was_sent_with_pseudonyms_for_identifiers(site: Site) -> None:
    model = site.models[2]
    raw = {(p, record.offset): record for p, log in read_raw(site.kafka, model["topic"]).items() for record in log}
    spellings = {a["path"]: a["groups"] for a in model["attributes"]} | {"product": model["segment"]["values"]}
    known: dict[tuple[str, str], str] = {}
    for message in read_topic(site.kafka, model["output_topic"]):
        place = dict(message.headers())["source"].decode().split(":")
        record = raw[int(place[0]), int(place[1])]
        assert message.timestamp()[1] == record.timestamp_ms  # by which a replay closes panes
        sent = json.loads(record.value or b"")
        published = json.loads(message.value())
        assert message.key().decode() == published["application_id"]
        for name in ("application_id", "applicant_id"):
            pseudonym = published.pop(name)
            assert PSEUDONYM.fullmatch(pseudonym)
            assert known.setdefault((name, sent.pop(name)), pseudonym) == pseudonym
        assert datetime.fromisoformat(published.pop("ts")) == datetime.fromisoformat(sent.pop("ts"))
        for name, known_labels in spellings.items():  # a group leaves as its label, however it was spelled
            sent[name] = None if sent[name] is None else label_of(sent[name], known_labels)
        assert published == sent
    assert len(set(known.values())) == len(known) > N_MESS
