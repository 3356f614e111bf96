"""CloudEvents in both modes, and Avro: the same decisions give the same counts, and are counted again alike."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stream_app.topics import DEAD_LETTERS, FAIRNESS_RESULTS
from tests.programs.chaos.logs import read_json, read_topic
from tests.support.formats.framed import avro
from tests.support.lanes.ingest_lane import iso
from tests.support.servers.raw_topics import send
from tests.support.servers.registry import Registry
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N, SPAN_S = 300, 300.0
_POLICY = """
[[models]]
name = "{name}"
topic = "{name}"
output_topic = "{name}-pseudonymized"
event_id = {{ path = "{attributes}id", link_domain = "event" }}
identifiers = [{{ path = "{attributes}subject", link_domain = "applicant" }}]
decision = {{ path = "{data}approved", favorable = true, unfavorable = [false] }}
event_time = {{ path = "{attributes}time", out_of_orderness_s = 1, pane_s = 2, idle_s = 1 }}
attributes = [{{ name = "gender", path = "{data}gender", groups = ["female", "male"], reference = "male" }}]
constants = [{{ path = "{type}", values = ["decided"] }}]
unknown_fields = "drop"
max_record_bytes = 4096
windows = [{{ name = "10s", size_s = 10 }}]
{more}
"""
MODELS = {
    "structured": _POLICY.format(name="structured", attributes="", data="data.", type="type", more=""),
    "binary": _POLICY.format(
        name="binary", attributes="$headers.ce_", data="", type="$headers.ce_type", more=""
    ),
    "avro": _POLICY.format(name="avro", attributes="", data="", type="type", more='format = "avro"'),
}  # fmt: skip
_AVRO = {
    "type": "record",
    "name": "Decided",
    "fields": [
        *({"name": name, "type": "string"} for name in ("id", "subject", "time", "type", "gender")),
        {"name": "approved", "type": "boolean"},
    ],
}
Headers = list[tuple[str, bytes | None]]
_GROUPS = ("female", "male", "male", "female", "nonbinary")


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    return open_site(kafka, tmp_path, app_id, *MODELS.values(), n_partitions=1)


def topic_of(site: Site, name: str) -> str:
    return f"{site.app_id}-{name}"


def send_decisions(site: Site, number: int, first: int, begin_s: float) -> None:
    """Send the same decisions to all models."""
    events = [
        {"id": f"E-{k}", "subject": f"P-{k % 40}", "time": iso(begin_s + SPAN_S * k / (3 * N)), "type": "decided"}
        for k in range(first, first + N)
    ]
    data = [{"gender": _GROUPS[k % 5], "approved": k % 4 > k % 2} for k in range(first, first + N)]
    pairs = list(zip(events, data, strict=True))
    send(site.kafka, topic_of(site, "structured"), (json.dumps(a | {"data": d}).encode() for a, d in pairs))
    headers: Iterator[Headers] = ([(f"ce_{name}", value.encode()) for name, value in event.items()] for event in events)
    send(site.kafka, topic_of(site, "binary"), map(encoded, data), headers=headers)
    send(site.kafka, topic_of(site, "avro"), (avro(number, _AVRO, a | d) for a, d in pairs))


def encoded(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode()


def send_bad(site: Site) -> list[str]:
    """Send records with bad headers; return the reasons for which they are rejected."""
    good = {"ce_id": b"E-bad", "ce_subject": b"P-bad", "ce_time": iso(time.time()).encode(), "ce_type": b"decided"}
    bad: dict[str, Headers] = {
        "missing": [(name, value) for name, value in good.items() if name != "ce_id"],
        "dup_key": [*good.items(), ("ce_subject", b"P-bad")],
        "encoding": list((good | {"ce_id": b"\xff"}).items()),
        "schema": list((good | {"ce_type": b"other"}).items()),
        "size": list((good | {"ce_id": b"x" * 5_000}).items()),
    }
    value = encoded({"gender": "female", "approved": True})
    send(site.kafka, topic_of(site, "binary"), [value] * len(bad), headers=bad.values())
    return list(bad)


def results(site: Site, name: str, window: str) -> dict[str, Any]:
    """Return the last result of each window by its key, without what names the model."""
    own = [r for r in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if r["model"] == topic_of(site, name)]
    return {
        f"{result['attribute']} {result['start_s']}": {
            key: value for key, value in result.items() if key not in ("model", "policy_hash", "offsets")
        }
        for result in own
        if result["window"] == window
    }


def group_counts(site: Site, name: str) -> dict[str, int]:
    totals = results(site, name, "total")
    newest = max(totals.values(), key=lambda result: sum(group["n"] for group in result["groups"]), default=None)
    return {} if newest is None else {group["group"]: group["n"] for group in newest["groups"] if group["n"]}


def test_both_modes_and_avro_count_alike_and_are_counted_again_alike(
    site: Site, registry: Registry, tmp_path: Path
) -> None:
    begin_s = time.time() - SPAN_S - 60
    number = registry.register(f"{topic_of(site, 'avro')}-value", _AVRO)
    send_decisions(site, number, 0, begin_s)
    reasons = send_bad(site)
    environ = {"FAIRSTREAM_REGISTRY_URL": registry.url}
    with site.worker(**environ) as worker:
        send_decisions(site, number, N, begin_s)
        site.wait_until("windows have closed", lambda: all(len(results(site, name, "10s")) >= 15 for name in MODELS))
        site.wait_until("all are counted", lambda: all(sum(group_counts(site, n).values()) == 2 * N for n in MODELS))
        assert worker.stop() == 0
    expected = results(site, "structured", "10s")
    for name in ("binary", "avro"):
        found = results(site, name, "10s")
        closed = expected.keys() & found.keys()
        assert len(closed) >= 15
        assert {key: found[key] for key in closed} == {key: expected[key] for key in closed}
        assert group_counts(site, name) == {"female": 240, "male": 240, "__other__": 120}
    letters = [r for r in read_json(site.kafka, DEAD_LETTERS, site.app_id) if r["topic"] == topic_of(site, "binary")]
    assert [letter["reason"] for letter in letters] == reasons
    published = [message.value() for message in read_topic(site.kafka, topic_of(site, "binary-pseudonymized"))]
    everything = json.dumps(letters).encode() + b"".join(published)
    assert not [raw for raw in (b'"E-', b'"P-', b"x" * 12) if raw in everything]

    grown = site.policy_file.read_text("utf-8").replace('"male"], ref', '"male", "nonbinary"], ref')
    grown = grown.replace('constants = [{ path = "$headers.ce_type", values = ["decided"] }]', "")
    (tmp_path / "grown.toml").write_text(grown, "utf-8")
    wide = replace(site, policy_file=tmp_path / "grown.toml")
    activated = wide.command("policy", "activate", "--recount")
    assert activated.returncode == 0, activated.stdout + activated.stderr
    with wide.worker(**environ) as worker:
        again = {"female": 240, "male": 240, "nonbinary": 120}
        site.wait_until("all are counted again", lambda: all(group_counts(site, name) == again for name in MODELS))
        send_decisions(site, number, 2 * N, begin_s)
        more = {"female": 360, "male": 360, "nonbinary": 180}
        site.wait_until("the rest is counted", lambda: all(group_counts(site, name) == more for name in MODELS))
        assert worker.stop() == 0
    copy = f"replay-{site.app_id}"
    flags = ("--from-raw", "--unsafe-raw", "--to-topic", copy, "--rate", "100000")
    copied = site.command("replay", "republish", "--model", topic_of(site, "binary"), *flags)
    assert copied.returncode == 0, copied.stdout + copied.stderr
    names = {name for name, _ in next(iter(read_topic(site.kafka, copy))).headers()}
    assert names > {"ce_id", "ce_subject", "ce_time"}
    sampled = site.command("policy", "check", "--sample", "topic", "--model", topic_of(site, "binary"), "--json")
    assert f'"n_counted":{3 * N},' in sampled.stdout, sampled.stdout + sampled.stderr
    verified = wide.command("replay", "verify", "--model", topic_of(site, "binary"), "--from-raw")
    assert verified.returncode == 0, verified.stdout + verified.stderr
