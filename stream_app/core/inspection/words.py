"""Cuts the name of a field into lowercase English words, whatever its spelling and in several languages.

``licensePlate``, ``license-plate``, ``LICENSE_PLATE`` and ``licenseplate`` are the same two words, as is
``Kennzeichen``. Joined words are separated only where all of the name consists of known words, so ``personality`` and
``racetrack`` stay what they are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from stream_app.core.inspection.vocabulary import FOREIGN, KNOWN

_LINKS = frozenset(("of", "de", "di", "da", "du", "do", "del", "della", "des", "la"))
_LONGEST = 60  # letters; a longer word is not cut
_SHORT = 3  # letters; a shorter word has no plural
_CASES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_MARKS = re.compile(r"[\W_]+")
_vocabulary = {word: word for word in KNOWN.split()}
for _pair in FOREIGN.split(","):
    _word, _, _english = _pair.strip().partition("=")
    _vocabulary[_word] = _english


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of one name.

    >>> words_of("licensePlate") == words_of("LICENSE_PLATE") == words_of("licenseplate") == words_of("Kennzeichen")
    True
    >>> words_of("personality"), words_of("GPSLat2"), words_of("Staatsangehörigkeit")
    (('personality',), ('gps', 'latitude', '2'), ('nationality',))
    """
    spaced = _MARKS.sub(" ", _CASES.sub(" ", without_accents(name)))
    words = [_singular(word) for token in spaced.lower().split() for word in _parts_of(token)]
    return tuple(word for word in words if word not in _LINKS or len(words) == 1)


def _singular(word: str) -> str:
    """Return a word without the ending of the plural, well enough for comparing: both sides are treated alike."""
    if len(word) > _SHORT and word.endswith("sses"):
        return word[:-2]
    return word[:-1] if len(word) > _SHORT and word.endswith("s") and word[-2:] not in ("ss", "us", "is") else word


def without_accents(text: str) -> str:
    """Return a text with its Latin letters bare; other scripts are as they were.

    >>> without_accents("Größe électrique")
    'Grosse electrique'
    """
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return unicodedata.normalize("NFC", "".join(sign for sign in decomposed if not "\u0300" <= sign <= "\u036f"))


def _parts_of(token: str) -> list[str]:
    """Return the fewest known words that a token consists of, in English; the token itself where there are none."""
    if len(token) > _LONGEST:
        return [token]
    best: list[list[str] | None] = [[]] + [None] * len(token)
    for end in range(1, len(token) + 1):
        for start in range(end):
            before, word = best[start], token[start:end]
            if before is not None and word in _vocabulary:
                current = best[end]
                if current is None or len(before) + 1 < len(current):
                    best[end] = [*before, word]
    found = best[-1]
    return [token] if found is None else [word for part in found for word in _vocabulary[part].split()]
