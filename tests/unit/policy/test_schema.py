"""The JSON Schema of a policy accepts what can be loaded, and documents every field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stream_app.policy import parse_policy, read_policy_text, shipped_names
from stream_app.policy.reference import PLACES, describe_fields
from stream_app.policy.schema import policy_schema
from tests.support.policies.mistakes import MISTAKES
from tests.support.policies.plain import PLAIN

SCHEMA = policy_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
# Mistakes in the form of a field; how fields must fit together is beyond a schema.
OF_FORM = [
    "a later format",
    "a misspelled field",
    "a misspelled inner field",
    "no topic",
    "no model",
    "a number as text",
    "a name with blanks",
    "a topic with a slash",
    "a path with an empty key",
    "a path with a quote",
    "another time format",
    "a pane of no time",
    "disorder below zero",
    "k = 1",
    "an export of everything",
    "a ratio of 0",
    "a ratio of 1e9",
    "a negative gap",
    "a threshold as text",
    "a switch as number",
    "an unknown canonicalizer",
    "no unfavorable decision",
    "no window",
]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_is_valid(name: str) -> None:
    VALIDATOR.validate(tomllib.loads(read_policy_text(name)))


def test_the_least_policy_is_valid() -> None:
    parse_policy(PLAIN)
    VALIDATOR.validate(tomllib.loads(PLAIN))


@pytest.mark.parametrize("mistake", OF_FORM)
def test_a_mistake_of_form_is_invalid(mistake: str) -> None:
    old, new, _ = MISTAKES[mistake]
    assert list(VALIDATOR.iter_errors(tomllib.loads(PLAIN.replace(old, new, 1))))


def test_every_part_rejects_unknown_fields_and_every_field_is_described() -> None:
    parts = {part.__name__: place for part, place in PLACES.items()}
    assert set(SCHEMA["$defs"]) == set(parts)
    for name, part in SCHEMA["$defs"].items():
        assert part["additionalProperties"] is False
        assert part["description"]
        described = {fact.name: fact.meaning for fact in describe_fields() if fact.place == parts[name]}
        assert {field: fact.get("description") for field, fact in part["properties"].items()} == described


def test_each_pattern_has_an_example_that_fits() -> None:
    patterns = list(_patterns(SCHEMA))
    assert len({part["pattern"] for part in patterns}) == 10
    for part in patterns:
        [example] = part["examples"]
        Draft202012Validator({"type": "string", "pattern": part["pattern"]}).validate(example)


def _patterns(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "pattern" in part:
            yield part
        for inner in part.values():
            yield from _patterns(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _patterns(inner)
