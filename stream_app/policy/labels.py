"""Labels: the values of attributes and segments, in the one form in which they are compared."""

from __future__ import annotations

import unicodedata

UNKNOWN = "unknown"  # the label of a null
OTHER = "__other__"  # the label of a value that the policy does not list
DECISION = "decision"  # the dimension of the favourable and the unfavourable


def canonical_label(text: str) -> str:
    """Return the form in which labels are compared: NFKC, stripped, casefolded.

    Full-width letters, stray blanks and capitals must not make a group of their own. Casefolding can undo the
    normal form (U+0345), so the text is normalised again.

    >>> canonical_label("  Ｆemale ")
    'female'
    >>> canonical_label("Straße") == canonical_label("STRASSE")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold()).strip()
