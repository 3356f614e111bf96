"""Labels: the values of attributes and segments, in the one form in which they are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from stream_app.printed_text import UNSEEN_RANGES

UNKNOWN = "unknown"  # the label of a null
OTHER = "__other__"  # the label of a value that the policy does not list
DECISION = "decision"  # the dimension of favorable and unfavorable
SCORE = "score"  # the dimension of the bins, and the sum, of a score
AND = " & "  # joins labels to the group of an intersection, so that no group contains it
OUTCOME = "outcome"  # the dimension of the outcomes
CLUSTER = "cluster"  # the dimension of the buckets of clusters
N_BUCKETS = 64  # of clusters: published events contain their numbers, so it can never change
BUCKET_LABELS = (*map(str, range(N_BUCKETS)), UNKNOWN)
MAX_VERSION_LENGTH = 60  # characters


# Beside those of the category "format" (Cf).
_UNSEEN = frozenset(chr(code) for first, last in UNSEEN_RANGES for code in range(first, last + 1))


def canonical_label(text: str) -> str:
    """Return the form in which labels are compared: NFKC, casefolded, without characters that nobody sees.

    Full-width letters, capitals, stray or doubled blanks, zero-width and direction characters and soft hyphens must not
    make a group of their own. Casefolding can undo the normal form (U+0345), so the text is normalized again.

    Source: Unicode Standard Annex 44, ``Default_Ignorable_Code_Point`` and general category Cf.

    >>> canonical_label("  Ｆemale "), canonical_label("North  West"), canonical_label("fe\u200bma\u00adle")
    ('female', 'north west', 'female')
    >>> canonical_label("Straße") == canonical_label("STRASSE")
    True
    """
    if not text.isascii():
        text = _seen(unicodedata.normalize("NFKC", _seen(text)))
        text = _seen(unicodedata.normalize("NFKC", text.casefold()))
    return " ".join(text.casefold().split())


def label_text(value: str | float | bool | None) -> str:  # noqa: FBT001 - a JSON value
    """Return the text of a label that arrives as another JSON value: true, 1 and 1.0 are ``true``, ``1`` and ``1``.

    >>> [label_text(value) for value in (True, 1, 1.0, 1.5, "1.0", None)]
    ['true', '1', '1', '1.5', '1.0', 'unknown']
    """
    match value:
        case None:
            return UNKNOWN
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def label_by_spelling(labels: Iterable[str], aliases: Mapping[str, Iterable[str]] | None) -> dict[str, str]:
    """Return the label of every canonical spelling: of the labels themselves, and of their aliases.

    >>> label_by_spelling(["Female"], {"Female": ["F", "Kadın"]})
    {'female': 'Female', 'f': 'Female', 'kadın': 'Female'}
    """
    known = {canonical_label(label): label for label in labels}
    for label, spellings in (aliases or {}).items():
        known |= {canonical_label(spelling): label for spelling in spellings}
    return known


def _seen(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Cf" and c not in _UNSEEN)


def version_label(raw: str | int | None) -> str:
    """Return the label of the model version that a record names; it is shown to people, so it must be harmless.

    Text without outer spaces; a number is its digits. An absent version is ``unknown``; one that is longer than
    ``MAX_VERSION_LENGTH`` or not printable (controls, changes of direction) is ``__other__``.

    >>> [version_label(raw) for raw in (7, " 7 ", "2026-11 rc", None, "", "a" + chr(27), "x" * 61)]
    ['7', '7', '2026-11 rc', 'unknown', 'unknown', '__other__', '__other__']
    """
    label = "" if raw is None else str(raw).strip()
    if not label:
        return UNKNOWN
    return label if len(label) <= MAX_VERSION_LENGTH and label.isprintable() else OTHER
