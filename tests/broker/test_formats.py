"""Records of a real schema registry through a worker, a replay and the commands: the same as in JSON, bit for bit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.registry.protoc import compile_text
from stream_app.policy import SHIPPED
from stream_app.topics import DEAD_LETTERS, FAIRNESS_RESULTS
from tests.programs.chaos.logs import read_json, read_topic
from tests.support.formats import hiring, lending
from tests.support.formats.framed import ProtobufWriter, avro, frame
from tests.support.lanes.ingest_lane import iso, loan
from tests.support.servers.raw_topics import send
from tests.support.servers.registry import Registry
from tests.support.servers.registry_gate import GARBAGE, Gate, open_gate
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N, SPAN_S = 400, 200.0
_PASSWORD = "registry-password-0123"  # noqa: S105 - of the test
_FORMATS = ("json", "avro", "protobuf")
N_LANES = 4  # of topics in a format of the registry
SCHEMAS = [
    ((lending.AVRO_1, lending.PROTO_1), (hiring.AVRO_1, hiring.PROTO_1)),
    ((lending.AVRO_2, lending.PROTO_2), (hiring.AVRO_2, hiring.PROTO_2)),
]


@pytest.fixture
def gate(registry: Registry) -> Iterator[Gate]:
    with open_gate(registry.url) as gate:
        gate.credentials, gate.answer = f"reader:{_PASSWORD}", (500, GARBAGE)
        yield gate


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    loans = (SHIPPED / "loans.toml").read_text("utf-8").replace("loan-decisions", "loans")
    loans = loans.replace("event_id =", 'windows = [{ name = "1m", size_s = 60 }]\nevent_id =', 1)
    streams = {"loans": loans, "hiring": hiring.POLICY}
    policies = [
        text.replace(f'"{name}', f'"{name}-{form}').replace("event_id =", f'format = "{form}"\nevent_id =', 1)
        for name, text in streams.items()
        for form in _FORMATS
    ]
    return open_site(kafka, tmp_path, app_id, *policies, n_partitions=1)


def topic_of(site: Site, name: str, field: str) -> str:
    return str(next(model[field] for model in site.models if model["name"] == f"{site.app_id}-{name}"))


def raw(site: Site, name: str) -> str:
    return topic_of(site, name, "topic")


def published(site: Site, name: str) -> list[bytes]:
    return [message.value() for message in read_topic(site.kafka, topic_of(site, name, "output_topic"))]


def results(site: Site, name: str) -> dict[str, Any]:
    """Return the last result of each window that has closed, by its key, without what names the model."""
    own = (r for r in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if r["model"] == f"{site.app_id}-{name}")
    return {
        f"{result['window']} {result['attribute']} {result['start_s']}": {
            key: value for key, value in result.items() if key not in ("model", "policy_hash", "offsets")
        }
        for result in own
        if result["window"] == "1m"
    }


def rejected(site: Site, name: str) -> list[dict[str, Any]]:
    return [r for r in read_json(site.kafka, DEAD_LETTERS, site.app_id) if r["topic"] == raw(site, name)]


def test_every_format_gives_what_json_gives_and_a_registry_that_is_away_loses_nothing(
    site: Site, registry: Registry, gate: Gate
) -> None:
    begin_s = time.time() - SPAN_S - 60
    registry.register("people-common.proto", hiring.COMMON_PROTO, "PROTOBUF")
    other = registry.register(f"{site.app_id}-other", lending.AVRO_1 | {"name": "Other"})
    for half, (loans_schemas, hiring_schemas) in enumerate(SCHEMAS):
        times = [begin_s + SPAN_S * (half + k / N) / 2 for k in range(N)]
        loans = [loan_of(half * N + k, at_s, is_second=half == 1) for k, at_s in enumerate(times)]
        hirings = [
            hiring.complete(hiring.hiring(half * N + k, at_s, is_second=half == 1)) for k, at_s in enumerate(times)
        ]
        send(site.kafka, raw(site, "loans-json"), map(lending.as_json, loans))
        send(site.kafka, raw(site, "hiring-json"), map(hiring.as_json, hirings))
        for name, (schema, text), records, indexes in (
            ("loans", loans_schemas, loans, ()),
            ("hiring", hiring_schemas, hirings, (hiring.MESSAGE,)),
        ):
            number = registry.register(f"{raw(site, name + '-avro')}-value", schema)
            send(site.kafka, raw(site, f"{name}-avro"), (avro(number, schema, record) for record in records))
            references = ("people-common.proto",) if indexes else ()
            number = registry.register(f"{raw(site, name + '-protobuf')}-value", text, "PROTOBUF", references)
            writer = ProtobufWriter(compile_text(text, {"people-common.proto": hiring.COMMON_PROTO}), *indexes)
            plain = records if name == "loans" else map(hiring.mapped, records)
            send(site.kafka, raw(site, f"{name}-protobuf"), (writer.write(number, record) for record in plain))
            if (name, half) == ("loans", 0):
                first_id = registry.register(f"{raw(site, 'loans-avro')}-value", schema)
    good = avro(first_id, lending.AVRO_1, loan_of(0, begin_s, is_second=False))
    bad = [good[:-1], frame(other) + good[5:], frame(987_654) + good[5:], b'{"a":1}']
    send(site.kafka, raw(site, "loans-avro"), bad)
    password = site.folder / "registry-password"
    password.write_text(_PASSWORD + "-old\n", "utf-8")
    environ = {
        "FAIRSTREAM_REGISTRY_URL": gate.url,
        "FAIRSTREAM_REGISTRY_USERNAME": "reader",
        "FAIRSTREAM_REGISTRY_PASSWORD_FILE": str(password),
    }
    with site.worker(**environ) as worker:
        site.wait_until("JSON is counted, as no schema is needed", lambda: len(published(site, "loans-json")) == 2 * N)
        site.wait_until("the registry was asked with an old password", lambda: len(gate.asked) >= N_LANES)
        password.write_text(_PASSWORD + "\n", "utf-8")
        names = [f"{stream}-{form}" for stream in ("loans", "hiring") for form in _FORMATS]
        assert all(published(site, name) == [] for name in names if "json" not in name)
        gate.answer = None
        site.wait_until("all are counted", lambda: all(len(published(site, name)) == 2 * N for name in names))
        site.wait_until("windows have closed", lambda: all(len(results(site, name)) >= 3 for name in names))
        site.wait_until("what came last is rejected", lambda: len(rejected(site, "loans-avro")) == len(bad))
        assert worker.stop() == 0
    for stream in ("loans", "hiring"):
        expected = results(site, f"{stream}-json")
        for form in _FORMATS[1:]:
            assert published(site, f"{stream}-{form}") == published(site, f"{stream}-json")
            found = results(site, f"{stream}-{form}")
            closed = expected.keys() & found.keys()  # the last window closes later in a slower stream
            assert len(closed) >= 3
            assert {key: found[key] for key in closed} == {key: expected[key] for key in closed}
    assert [(r["offset"] - 2 * N, r["reason"]) for r in rejected(site, "loans-avro")] == [
        (0, "payload"), (1, "schema"), (2, "schema"), (3, "framing"),
    ]  # fmt: skip
    assert _PASSWORD not in site.log_path.read_text("utf-8")
    flags = ("--registry-url", gate.url, "--registry-username", "reader", "--registry-password-file", str(password))
    verified = site.command("replay", "verify", "--model", f"{site.app_id}-loans-avro", "--from-raw", *flags)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    sampled = site.command(
        "policy", "check", "--sample", "topic", "--model", f"{site.app_id}-hiring-protobuf", "--json", *flags
    )
    assert f'"n_counted":{2 * N},' in sampled.stdout, sampled.stdout + sampled.stderr


def loan_of(number: int, at_s: float, *, is_second: bool) -> dict[str, Any]:
    version = {"model_version": "2"} if is_second else {}
    return loan(
        application_id=f"A-{number}",
        applicant_id=f"P-{number % 50}",
        ts=iso(at_s),
        gender=("female", "male")[number % 2],
        race=("asian", "black", "white")[number % 3],
        age_band=("young", "old")[number % 5 == 0],
        credit_score=(700, 512.5)[number % 7 == 0],
        approved=number % 4 > number % 2,
        **version,
    )
