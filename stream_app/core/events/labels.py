"""One spelling of a label: group names are compared, not displayed, in this form."""

from __future__ import annotations

import unicodedata


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
