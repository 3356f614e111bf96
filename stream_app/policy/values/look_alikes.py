"""Which listed label a person would take a spelling for: letters of another script, accents, a typing mistake."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

from stream_app.policy.labels import canonical_label

_CUTOFF = 0.8  # share of letters in common, as ``difflib`` counts them
_MAX_LENGTH = 60  # characters; no label is longer

# Lowercase letters of Cyrillic and Greek that look like Latin ones, and the Turkish i.
_LATIN = str.maketrans("аеорсхуіјѕмтнкварԁԛԝαοεικνρτυχηı", "aeopcxyijsmthkbapdqwaoeikvptuxni")


def look_alike(spelling: str, labels: Iterable[str]) -> str | None:
    r"""Return the label that a spelling looks like; None if there is none.

    >>> look_alike("m\u0430le", ["Male", "Female"]), look_alike("femal", ["Male", "Female"]), look_alike("x", ["Male"])
    ('Male', 'Female', None)
    """
    if len(spelling) > _MAX_LENGTH:
        return None
    by_shape = {_shape(label): label for label in labels}
    close = difflib.get_close_matches(_shape(spelling), by_shape, n=1, cutoff=_CUTOFF)
    return by_shape[close[0]] if close else None


def _shape(text: str) -> str:
    """Return how a text looks: without accents, in Latin letters where it has such."""
    decomposed = unicodedata.normalize("NFKD", canonical_label(text).translate(_LATIN))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
