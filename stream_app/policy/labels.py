"""Labels: the values of attributes and segments, in the one form in which they are compared."""

from __future__ import annotations

import unicodedata

UNKNOWN = "unknown"  # the label of a null
OTHER = "__other__"  # the label of a value that the policy does not list
DECISION = "decision"  # the dimension of favorable and unfavorable
SCORE = "score"  # the dimension of the bins, and the sum, of a score
OUTCOME = "outcome"  # the dimension of the outcomes
MAX_VERSION_LENGTH = 60  # characters


def canonical_label(text: str) -> str:
    """Return the form in which labels are compared: NFKC, stripped, casefolded.

    Full-width letters, stray spaces and capitals must not make a group of their own. Casefolding can undo the
    normal form (U+0345), so the text is normalized again.

    >>> canonical_label("  Ｆemale ")
    'female'
    >>> canonical_label("Straße") == canonical_label("STRASSE")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold()).strip()


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
