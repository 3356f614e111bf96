"""What a schema registry answers, over HTTP: schemas, nothing, errors and garbage."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.core.events.formats.wire import Rejecting
from stream_app.edges.registry.client import RegistryClient, UnknownSchemaError
from stream_app.edges.registry.topic_schemas import RegisteredSchemas, TopicSchemas
from stream_app.errors import ConfigError, RegistryUnavailableError
from stream_app.pipeline.contract import Batch
from stream_app.policy import Policy
from tests.support.formats.framed import frame
from tests.support.lanes.ingest_lane import LOANS
from tests.support.servers.registry_gate import GARBAGE, Gate, open_gate

_RECORD = json.dumps({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]})
_UNKNOWN = (404, b'{"error_code":40403,"message":"Schema not found"}')


@pytest.fixture
def gate() -> Iterator[Gate]:
    with open_gate("http://127.0.0.1:9") as gate:  # nothing answers there: every answer is set
        yield gate


def batch_of(*values: bytes | None) -> Batch:
    offsets = np.arange(len(values))
    return Batch("t", 0, 0, len(values), offsets, list(values), offsets)


def answers(gate: Gate, **of_path: tuple[int, object]) -> None:
    """Answer with JSON: ``schema`` and ``versions`` of every id."""

    def answer_to(path: str, authorization: str) -> tuple[int, bytes]:  # noqa: ARG001 - as at the gate
        gate.asked.append(path)
        status, body = of_path["versions" if "/versions" in path else "schema"]
        return status, json.dumps(body).encode()

    gate.answer_to = answer_to  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"), (502, GARBAGE), (200, GARBAGE), (200, b"{}"), (200, b'{"schema":7}'), (200, b""), (302, b""),
        (404, GARBAGE), (404, b'{"error_code":0}'), (404, b'{"error_code":404}'), (401, b"{}"), (403, b"{}"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_of_the_interface_says_nothing_about_a_schema(
    gate: Gate, answer: tuple[int, bytes]
) -> None:
    gate.answer = answer
    with pytest.raises(RegistryUnavailableError):
        RegistryClient(SchemaRegistry(url=gate.url)).schema(1)
    schemas = TopicSchemas(RegistryClient(SchemaRegistry(url=gate.url)), "avro", "t-value", times_as_numbers=True)
    with pytest.raises(RegistryUnavailableError):
        schemas.add_to(batch_of(frame(1) + b"x"))


def test_a_registry_that_does_not_answer_says_nothing_about_a_schema() -> None:
    with pytest.raises(RegistryUnavailableError, match="does not answer"):
        RegistryClient(SchemaRegistry(url="http://127.0.0.1:9")).schema(1)


def test_only_the_code_of_the_interface_means_that_there_is_no_schema(gate: Gate) -> None:
    gate.answer = _UNKNOWN
    with pytest.raises(UnknownSchemaError):
        RegistryClient(SchemaRegistry(url=gate.url)).schema(1)


def test_an_unknown_schema_is_asked_for_again_after_a_while_and_a_known_one_never(gate: Gate) -> None:
    now_s = 0.0
    client = RegistryClient(SchemaRegistry(url=gate.url))
    schemas = TopicSchemas(client, "avro", "t-value", times_as_numbers=True, now=lambda: now_s)
    record = frame(1) + b"\2"
    gate.answer = _UNKNOWN
    assert isinstance((schemas.add_to(batch_of(record)).schemas or {})[frame(1)], Rejecting)
    asyncio.run(schemas.add_in_thread(batch_of(record, None, b"", b"{}")))
    assert len(gate.asked) == 1
    now_s = 31.0
    answers(gate, versions=(200, [{"subject": "t-value", "version": 1}]), schema=(200, {"schema": _RECORD}))
    found = asyncio.run(schemas.add_in_thread(batch_of(record)))
    assert (found.schemas or {})[frame(1)].to_json(record) == b'{"a":1}'
    n_asked = len(gate.asked)
    now_s = 10_000.0
    schemas.add_to(batch_of(record, record))
    assert len(gate.asked) == n_asked == 3


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("other", {"schema": _RECORD}),
        ("t-value", {"schema": _RECORD, "schemaType": "PROTOBUF"}),
        ("t-value", {"schema": json.dumps({"type": "array", "items": "null"})}),
    ],
)
def test_a_schema_of_another_subject_or_type_or_without_bounds_is_not_read(
    gate: Gate, subject: str, answer: dict[str, str]
) -> None:
    answers(gate, versions=(200, [{"subject": subject, "version": 1}]), schema=(200, answer))
    schemas = TopicSchemas(RegistryClient(SchemaRegistry(url=gate.url)), "avro", "t-value", times_as_numbers=True)
    added = schemas.add_to(batch_of(frame(1) + b"\2"))
    assert isinstance((added.schemas or {})[frame(1)], Rejecting)


def test_a_damaged_schema_is_the_fault_of_the_answer(gate: Gate) -> None:
    answers(gate, versions=(200, [{"subject": "t-value", "version": 1}]), schema=(200, {"schema": "{}"}))
    schemas = TopicSchemas(RegistryClient(SchemaRegistry(url=gate.url)), "avro", "t-value", times_as_numbers=True)
    with pytest.raises(RegistryUnavailableError, match="not a schema of type AVRO"):
        schemas.add_to(batch_of(frame(1) + b"\2"))


def test_the_password_is_read_for_each_request_and_is_in_no_error(gate: Gate, tmp_path: Path) -> None:
    path = tmp_path / "password"
    gate.credentials, gate.answer = "reader:secret-2", _UNKNOWN
    client = RegistryClient(SchemaRegistry(url=gate.url, username="reader", password_file=str(path)))
    with pytest.raises(RegistryUnavailableError, match="Cannot read registry_password_file"):
        client.schema(1)
    path.write_text("secret-1\n")
    with pytest.raises(RegistryUnavailableError, match=r"HTTP 401\. Check registry_username") as rejected:
        client.schema(1)
    assert "secret" not in str(rejected.value)
    path.write_text("secret-2\n")
    with pytest.raises(UnknownSchemaError):
        client.schema(1)


@pytest.mark.parametrize(
    ("registry", "message"),
    [
        (SchemaRegistry(url="http://registry.example:8081"), "not encrypted"),
        (SchemaRegistry(url="registry:8081"), "Invalid registry_url"),
        (SchemaRegistry(url="https://user:secret@registry.example"), "Invalid registry_url"),
        (SchemaRegistry(url="https://registry.example", username="reader"), "need each other"),
        (SchemaRegistry(url="https://registry.example", key_file="k.pem"), "needs a registry_certificate_file"),
        (SchemaRegistry(url="http://127.0.0.1:1", ca_file="ca.pem"), "without TLS"),
        (SchemaRegistry(url="https://registry.example", ca_file="/nowhere/ca.pem"), "Cannot read registry_ca_file"),
    ],
)
def test_what_is_wrong_with_the_settings_is_named(registry: SchemaRegistry, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        RegistryClient(registry)
    assert "secret" not in str(error.value)


def test_a_registry_without_tls_can_be_accepted() -> None:
    assert SchemaRegistry(url="http://registry.example:8081", insecure=True).checked().is_weak


def test_a_policy_that_needs_a_registry_names_the_setting() -> None:
    model = msgspec.structs.replace(LOANS, format="avro")
    RegisteredSchemas(None).check(Policy(schema=1, models=(LOANS,)))
    with pytest.raises(ConfigError, match=r"has the format avro, which needs a schema registry\. Set registry_url"):
        RegisteredSchemas(None).check(Policy(schema=1, models=(model,)))
