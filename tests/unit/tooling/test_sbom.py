"""The list of what is installed: valid, complete, and the same for the same environment."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_app import __version__
from tests.programs.sbom import describe, problem_of, stamped
from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    """Return two documents about the environment of this test."""
    return [stamped(describe(Path(sys.executable))) for _ in range(2)]


def test_two_documents_differ_in_time_and_serial_number_only(documents: list[dict[str, Any]]) -> None:
    first, second = documents
    assert first.pop("serialNumber") != second.pop("serialNumber")
    for document in documents:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["metadata"].pop("timestamp"))
    assert first == second


def test_a_document_is_valid_by_the_schema_of_cyclonedx(documents: list[dict[str, Any]]) -> None:
    components = documents[0]["components"][:10]  # of all of them, the command checks it; that takes half a minute
    short = documents[0] | {"components": components, "dependencies": documents[0]["dependencies"][:10]}
    assert problem_of(short) == ""
    assert "licence" in problem_of(short | {"components": [components[0] | {"licence": "none"}]})


def test_it_is_about_fairstream_and_lists_each_package_with_version_and_address(
    documents: list[dict[str, Any]],
) -> None:
    document = documents[0]
    root = document["metadata"]["component"]
    assert (root["name"], root["version"]) == ("fairstream", __version__)
    assert [one["license"]["id"] for one in root["licenses"]] == ["Apache-2.0"]
    components = {one["name"].lower(): one for one in document["components"]}
    for name in ("aiokafka", "numpy", "cryptography", "msgspec"):
        assert components[name]["version"] == version(name)
        assert components[name]["purl"] == f"pkg:pypi/{name}@{version(name)}"
        assert components[name]["licenses"]
    assert "fairstream" not in components
    refs = {one["bom-ref"] for one in (*document["components"], root)}
    assert {entry["ref"] for entry in document["dependencies"]} == refs
    direct = next(entry for entry in document["dependencies"] if entry["ref"] == root["bom-ref"])["dependsOn"]
    assert any(ref.startswith("aiokafka==") for ref in direct)


def test_it_says_nothing_about_this_machine(documents: list[dict[str, Any]]) -> None:
    text = msgspec.json.encode(documents[0]).decode()
    assert "file:" not in text
    assert str(ROOT) not in text
    assert sys.prefix not in text
