"""What was renamed since the file was written, and what is never compared.

The file keeps the names of the day on which it was written. A commit that renames something says so here, and the
comparison puts the new name into what is expected; nothing else in the file may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.recorded.lines import Line

HIDDEN = "not compared"

# Fields that are left out on both sides, each with the reason.
MASKED = {
    "policy_hash": "it hashes the policy by the names of its fields",
    "code_version": "it is that of the release",
    "layout_hash": "it hashes parts of the policy by the names of their fields",
    "state_version": "a state under other names is another version",
    "sentence": "its wording changed; every number in it is a field that is compared",
    "schema": "records under other names have another version",
}


@dataclass(frozen=True)
class Renames:
    """What was called one thing in the file and is called another now: old name to new name.

    Attributes:
        topics: Topics by their whole name; also where a field ``topic`` or a key of offsets names one.
        topic_prefixes: Topics by the beginning of their name, for those that end in the name of a model.
        fields: Fields at any depth, whatever the topic.
        fields_of: Fields of one topic, by its old name; they go before ``fields``.
        values: Words of a closed set, by the old name of the field that holds them, alone or in a list. The field
            ``key`` is the key of a record: each part between bars is a word.
        hashed_keys: Topics, by old name, whose keys hash names that changed: of their keys only what is equal to what
            is compared.
    """

    topics: Mapping[str, str] = field(default_factory=dict)
    topic_prefixes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    fields_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hashed_keys: frozenset[str] = frozenset()

    def topic(self, name: str) -> str:
        """Return what a topic is called now; any other text as it is."""
        for old, new in self.topic_prefixes.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
        return self.topics.get(name, name)

    def old_names(self) -> Iterator[str]:
        """Yield every old name, to see that it occurs."""
        yield from (*self.topics, *self.topic_prefixes, *self.fields, *self.hashed_keys)
        for words in (*self.fields_of.values(), *self.values.values()):
            yield from words


RENAMED = Renames(
    topics={"fairness-clock": "fairness-journal"},
    topic_prefixes={"recorded-labels-": "recorded-outcome-join-"},
    fields={
        "favourable": "favorable",
        "unfavourable": "unfavorable",
        "favourable_reference": "favorable_reference",
        "favourable_outcome_rate": "favorable_outcome_rate",
        "is_favourable": "is_favorable",
        "decisions_repeated": "decisions_duplicate",
        "early": "unmatched",
        "found_s": "alarm_s",
        "n_repeats": "n_duplicates",
        "repeats": "ids",
        "repeated": "duplicate",
        "watch": "monitor",
        "mark": "source",
        "standardised": "standardized",
        "fates": "dispositions",
        "refused": "rejected",
        "variant": "scenario",
    },
    fields_of={
        "counts of judge": {"n_repeats": "n_stale", "clock": "journal_entry"},
        "judged again": {"clock": "journal_entry"},
    },
    values={
        "state": {"watch": "warning"},
        "newest": {"watch": "warning"},
        "change": {"all_clear": "recovery"},
        "reason": {"no_favourable": "no_favorable"},
    },
    hashed_keys=frozenset({"fairness-alerts"}),
)


def renamed(topics: Mapping[str, list[Line]], renames: Renames = RENAMED) -> dict[str, list[Line]]:
    """Put the new names into what is expected."""
    found: dict[str, list[Line]] = {}
    for topic, lines in topics.items():
        fields = {**renames.fields, **renames.fields_of.get(topic, {})}
        found[renames.topic(topic)] = [_renamed(line, "", fields, renames) for line in lines]
    return found


def masked(topics: Mapping[str, list[Line]], renames: Renames = RENAMED) -> dict[str, list[Line]]:
    """Hide what is not compared, on either side."""
    names = {*MASKED, *(renames.fields.get(name, name) for name in MASKED)}
    numbered = {renames.topic(topic) for topic in renames.hashed_keys}
    found = {topic: [_masked(line, names) for line in lines] for topic, lines in topics.items()}
    for topic in numbered & found.keys():
        known: dict[str, int] = {}
        for line in found[topic]:
            line["key"] = known.setdefault(line["key"], len(known))
    return found


def _renamed(value: Any, name: str, fields: Mapping[str, str], renames: Renames) -> Any:
    if isinstance(value, dict):
        return {
            fields.get(own, renames.topic(own)): _renamed(held, own, fields, renames) for own, held in value.items()
        }
    if isinstance(value, list):
        return [_renamed(own, name, fields, renames) for own in value]
    if not isinstance(value, str):
        return value
    words = renames.values.get(name, {})
    if name == "key":
        return "|".join(words.get(part, part) for part in value.split("|"))
    return words.get(value, renames.topic(value) if name == "topic" else value)


def _masked(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {own: HIDDEN if own in names else _masked(held, names) for own, held in value.items()}
    return [_masked(own, names) for own in value] if isinstance(value, list) else value
