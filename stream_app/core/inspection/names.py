"""The rules for names: which words say that a field has personal data, and which only talk about it.

A rule is a phrase. Words before it are free (``emergency_contact_name``) unless it begins with ``=``: then only words
for a person or a vehicle may precede it, because the phrase alone has other meanings (``plate``, ``name``, ``race``).
A phrase that begins with ``*`` says enough whatever follows (``religious_holidays``).
Words after it must be neutral, such as ``number`` or ``2``, so ``plate_count``, ``image_width`` and ``email_verified``
are about the field and not personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from stream_app.core.inspection.phrases import (
    ABOUT,
    COUNTING,
    ID_WORDS,
    LEADING,
    NEUTRAL,
    PERSONS,
    PHRASES,
    SUBJECTS,
)
from stream_app.core.inspection.words import words_of

_INHERITED = {"box", "location", "biometric", "address", "image", "appearance", "age"}  # of all in such an object
_BODIES = {("human", "face"), ("human", "body"), ("face",)}  # what is inside such an object is about a person's looks
_PERSON, _NEUTRAL, _COUNTING, _ABOUT = (frozenset(text.split()) for text in (PERSONS, NEUTRAL, COUNTING, ABOUT))
_LEADING = _PERSON | frozenset(LEADING.split())
_ENTRY = re.compile(r"^(\w+):", re.MULTILINE)


class NameRule(NamedTuple):
    """A phrase that names a kind of personal data.

    Attributes:
        kind: The kind.
        words: The words of the phrase.
        is_strict: Whether only words for persons and vehicles may precede it.
        is_telling: Whether any words may follow it.
    """

    kind: str
    words: tuple[str, ...]
    is_strict: bool
    is_telling: bool


def _rules() -> Iterator[NameRule]:
    _, *parts = _ENTRY.split(PHRASES)
    for kind, phrases in zip(parts[::2], parts[1::2], strict=True):
        for phrase in map(str.strip, phrases.split("|")):
            yield NameRule(kind, words_of(phrase.lstrip("=*")), phrase.startswith("="), phrase.startswith("*"))
    for subject, word in product(SUBJECTS.split(), ID_WORDS.split()):
        if (subject, word) != ("account", "number"):
            yield NameRule("subject_id", (subject, word), is_strict=False, is_telling=False)


NAME_RULES = sorted(_rules(), key=lambda rule: -len(rule.words))  # the longest phrase decides


def kind_of_name(path: str) -> str | None:
    """Return the kind of personal data that the name of a field says, or None.

    Args:
        path: Names from the outermost object inward, joined by ``.``; ``[]`` marks a list.

    >>> kind_of_name("vehicle.licensePlate"), kind_of_name("plate_count"), kind_of_name("applicant.name")
    ('plate', None, 'person_name')
    >>> kind_of_name("bbox.left"), kind_of_name("model_name"), kind_of_name("page")
    ('box', None, None)
    """
    return _kind_of_names(tuple(name for name in path.replace("[]", "").split(".") if name))


@cache
def _kind_of_names(names: tuple[str, ...]) -> str | None:
    if not names:
        return None
    leaf = words_of(names[-1])
    outer = tuple(word for name in names[:-1] for word in words_of(name))
    for rule in NAME_RULES:
        if _fits(rule, leaf, outer):
            return rule.kind
    inherited = _kind_of_names(names[:-1])
    if inherited == "box":
        return inherited
    if _is_about(leaf) or len(names) == 1:
        return None
    if inherited in _INHERITED or all(word in _NEUTRAL for word in leaf):
        return inherited
    return "appearance" if any(words_of(name) in _BODIES for name in names[:-1]) else None


def kind_of_text(text: str) -> str | None:
    """Return the kind that a description names in two words or more, or None.

    >>> kind_of_text("License plate as read by the camera"), kind_of_text("The rate")
    ('plate', None)
    """
    words = words_of(text)
    for rule in NAME_RULES:
        n = len(rule.words)
        if n > 1 and not rule.is_strict and any(words[at : at + n] == rule.words for at in range(len(words))):
            return rule.kind
    return None


def _fits(rule: NameRule, leaf: Sequence[str], outer: Sequence[str]) -> bool:
    words, n = (*outer, *leaf), len(rule.words)
    for start in range(max(0, len(outer) - n + 1), len(words) - n + 1):
        if tuple(words[start : start + n]) != rule.words:
            continue
        before, after = words[len(outer) : start], words[start + n :]
        if not ((rule.is_telling and not _is_about(after)) or all(word in _NEUTRAL for word in after)):
            continue
        if before and before[0] in _COUNTING:
            continue
        if not rule.is_strict or ((not before or before[-1] in _LEADING) and _is_personal(rule, outer, before)):
            return True
    return False


def _is_personal(rule: NameRule, outer: Sequence[str], before: Sequence[str]) -> bool:
    """Return whether a bare ``name`` or ``address`` is about a person: its object or a word before says so."""
    if rule.words not in (("name",), ("address",)) or not _PERSON.isdisjoint((*outer, *before)):
        return True
    return rule.words == ("address",) and not outer


def _is_about(leaf: Sequence[str]) -> bool:
    return bool(leaf) and (leaf[-1] in _ABOUT or leaf[0] in _COUNTING)
