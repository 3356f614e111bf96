"""Names that changed since the file was written, and fields that are never compared.

The file keeps its original names. A commit that renames something adds the new name here, and the comparison applies
it to the expected records. Nothing else in the file may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.recorded.lines import Line

HIDDEN = "not compared"

# Fields that are not compared, with the reason.
MASKED = {
    "policy_hash": "the hash covers the names of the policy's fields",
    "code_version": "it changes with every release",
    "layout_hash": "the hash covers the names of fields of the policy",
    "state_version": "renaming a part of the state changes its version",
    "sentence": "its wording changed; its numbers are compared as separate fields",
    "schema": "renaming a field of a record changes its version",
}


@dataclass(frozen=True)
class Renames:
    """Mappings from names in the file to current names.

    Attributes:
        topics: Full names of topics. Also applied to fields named ``topic`` and to keys of offsets.
        topic_prefixes: Prefixes of topics whose names end with the name of a model.
        fields: Fields at any depth, in all topics.
        fields_of: Fields of one topic, by its old name. They take precedence over ``fields``.
        values: Values of enumerations, by the old name of their field, single or in a list. The field ``key`` is the
            key of a record, whose parts between vertical bars are renamed separately.
        hashed_keys: Topics, by old name, whose keys are hashes of renamed values. Their keys are replaced by numbers,
            so that only equality between keys is compared.
    """

    topics: Mapping[str, str] = field(default_factory=dict)
    topic_prefixes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    fields_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hashed_keys: frozenset[str] = frozenset()

    def topic(self, name: str) -> str:
        """Return the current name of a topic, and any other text unchanged."""
        for old, new in self.topic_prefixes.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
        return self.topics.get(name, name)

    def old_names(self) -> Iterator[str]:
        """Yield every old name, so that a test can check that it occurs."""
        yield from (*self.topics, *self.topic_prefixes, *self.fields, *self.hashed_keys)
        for words in (*self.fields_of.values(), *self.values.values()):
            yield from words


RENAMED = Renames(hashed_keys=frozenset({"fairness-alerts"}))


def renamed(topics: Mapping[str, list[Line]], renames: Renames = RENAMED) -> dict[str, list[Line]]:
    """Apply the current names to the expected lines."""
    renamed_topics: dict[str, list[Line]] = {}
    for topic, lines in topics.items():
        fields = {**renames.fields, **renames.fields_of.get(topic, {})}
        renamed_topics[renames.topic(topic)] = [_renamed(line, "", fields, renames) for line in lines]
    return renamed_topics


def masked(topics: Mapping[str, list[Line]], renames: Renames = RENAMED) -> dict[str, list[Line]]:
    """Hide the fields that are not compared."""
    names = {*MASKED, *(renames.fields.get(name, name) for name in MASKED)}
    hashed = {renames.topic(topic) for topic in renames.hashed_keys}
    masked_topics = {topic: [_masked(line, names) for line in lines] for topic, lines in topics.items()}
    for topic in hashed & masked_topics.keys():
        numbers: dict[str, int] = {}
        for line in masked_topics[topic]:
            line["key"] = numbers.setdefault(line["key"], len(numbers))
    return masked_topics


def _renamed(value: Any, name: str, fields: Mapping[str, str], renames: Renames) -> Any:
    if isinstance(value, dict):
        return {
            fields.get(inner_name, renames.topic(inner_name)): _renamed(inner, inner_name, fields, renames)
            for inner_name, inner in value.items()
        }
    if isinstance(value, list):
        return [_renamed(item, name, fields, renames) for item in value]
    if not isinstance(value, str):
        return value
    words = renames.values.get(name, {})
    if name == "key":
        return "|".join(words.get(part, part) for part in value.split("|"))
    return words.get(value, renames.topic(value) if name == "topic" else value)


def _masked(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: HIDDEN if name in names else _masked(inner, names) for name, inner in value.items()}
    return [_masked(item, names) for item in value] if isinstance(value, list) else value
