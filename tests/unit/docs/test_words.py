"""Texts that people read keep to the words of the glossary: none of those in ``docs/house-words.toml``."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.support.docs.texts import HouseWord, Text, all_texts, house_words, read_word_list

WORDS = house_words()
ALLOWED = [(entry["path"], re.compile(entry["pattern"], re.IGNORECASE)) for entry in read_word_list()["allowed"]]


# Folders whose texts are still being reworded. The list only gets shorter.
def offenses(text: Text) -> list[str]:
    """Return every word of the list in a text, with what to use instead."""
    return [
        f"{text.path}:{text.line}: {match!r}; use: {word.use}"
        for word in WORDS
        for match in word.find(text.text)
        if not any(text.path == path and pattern.search(match) for path, pattern in ALLOWED)
    ]


def test_no_text_has_a_house_word() -> None:
    assert [offense for text in all_texts() for offense in offenses(text)] == []


def test_the_texts_are_those_that_people_read() -> None:
    per_file = Counter(text.path for text in all_texts())
    for path in ("README.md", "docs/index.md", "stream_app/cli/worker.py", "deploy/prometheus/rules/fairness.yml"):
        assert per_file[path] > 3
    assert sum(path.startswith("dashboards/json/") for path in per_file) == 10


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ("Three repeats were told apart.", ["repeats", "told"]),
        ("It neither ends nor repeats an alert.", []),
        ("A whole number that lies beyond the limit", ["lies"]),
        ("the whole file is read anew", ["whole", "anew"]),
        ("The Watchdog of the watched topic", ["watched"]),
        ("favourable", ["favourable"]),
    ],
)
def test_words_are_found_by_their_boundaries(line: str, matches: list[str]) -> None:
    assert sorted(match for word in WORDS for match in word.find(line)) == sorted(matches)


def test_code_is_not_searched() -> None:
    (text,) = [text for text in all_texts() if "Former names of policy fields are still" in text.text][:1]
    assert isinstance(text, Text)
    table = [text for text in all_texts() if text.path == "CHANGELOG.md" and "|" in text.text]
    assert table
    assert [offense for text in table for offense in offenses(text)] == []


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.pattern.pattern)
def test_each_word_has_something_to_use_instead(word: HouseWord) -> None:
    assert word.use
    assert not list(word.find(word.use))


def test_each_exception_has_a_reason() -> None:
    entries = read_word_list()
    assert all(entry.get("why") for entry in entries["words"] if "except" in entry)
    assert all(entry.get("why") for entry in entries["allowed"])
