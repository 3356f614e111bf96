"""TLS and SASL flags of every command that takes ``--kafka``, and the command that prints access rights."""

from __future__ import annotations

import json

import msgspec
import pytest
from typer.testing import CliRunner

from stream_app.cli import app, load_commands, walk_commands
from stream_app.cli.flags.security import given_security, security_flag_names
from stream_app.connection.kafka_connection import KafkaSecurity
from stream_app.errors import ConfigError
from stream_app.settings import Settings


def test_the_flags_are_the_settings() -> None:
    names = [field.name for field in msgspec.structs.fields(KafkaSecurity)]
    names += [field.name for field in msgspec.structs.fields(Settings) if field.name.startswith("registry_")]
    assert security_flag_names() == ["--" + name.replace("_", "-") for name in names]


def test_the_commands_that_connect_take_them_and_no_other() -> None:
    for words, command in walk_commands(load_commands()):
        flags = {flag for parameter in command.params for flag in parameter.opts}
        assert ("--kafka" in flags) == (set(security_flag_names()) <= flags), words


def test_flags_are_those_of_the_command_that_runs() -> None:
    kafka = ("--kafka", "broker.example:9092")
    refused = CliRunner().invoke(app, ["topics", "check", *kafka])
    assert isinstance(refused.exception, ConfigError)
    assert "not encrypted" in str(refused.exception)
    no_mechanism = CliRunner().invoke(app, ["topics", "check", *kafka, "--security-protocol", "SASL_SSL"])
    assert "SASL_SSL needs a sasl_mechanism" in str(no_mechanism.exception)
    again = CliRunner().invoke(app, ["topics", "check", *kafka])
    assert "not encrypted" in str(again.exception)
    assert given_security() == {}


def test_an_invalid_value_names_its_flag() -> None:
    outcome = CliRunner().invoke(app, ["results", "--sasl-mechanism", "GSSAPI"])
    assert "Invalid --sasl-mechanism: expected PLAIN, SCRAM-SHA-256" in str(outcome.exception)


def test_the_help_names_the_guide_instead_of_fifteen_flags() -> None:
    text = " ".join(CliRunner().invoke(app, ["results", "--help"]).stdout.split())
    assert "TLS and SASL: the flags of docs/how-to/secure-kafka.md" in text
    assert "--sasl-username" not in text


@pytest.mark.parametrize(("form", "user"), [("kafka-acls", "CN=web"), ("strimzi", "web"), ("confluent", "CN=web")])
def test_rights_are_printed_for_a_user(form: str, user: str) -> None:
    command = ["topics", "acls", "--role", "web", "--principal", f"User:{user}", "--format", form, "--policy", "loans"]
    outcome = CliRunner().invoke(app, command)
    assert (outcome.exit_code, user in outcome.stdout) == (0, True)
    assert all(topic in outcome.stdout for topic in ("fairness-results", "fairness-alerts"))


def test_rights_are_printed_as_json_lines() -> None:
    outcome = CliRunner().invoke(app, ["topics", "acls", "--role", "producer", "--json", "--policy", "credit"])
    rights = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [right["name"] for right in rights] == ["credit-decisions-raw", "credit-outcomes-raw"]
    assert {(right["principal"], right["operation"]) for right in rights} == {("User:fairstream-producer", "WRITE")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["topics", "acls", "--role", "admin"], "Unknown role 'admin'. Roles: worker, producer, auditor, web"),
        (["topics", "acls", "--role", "web", "--format", "xml"], "Unknown format 'xml'. Formats: kafka-acls"),
        (["doctor", "--principal", "mallory"], "Invalid --principal 'mallory': expected ROLE=USER"),
    ],
)
def test_what_is_not_known_is_named_with_what_is(arguments: list[str], message: str) -> None:
    assert str(CliRunner().invoke(app, arguments).exception).startswith(message)
