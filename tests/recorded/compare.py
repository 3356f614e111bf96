"""What is expected and what was found, record by record within each topic; the first difference in a few words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from tests.recorded.lines import Line
from tests.recorded.names import RENAMED, Renames, masked, renamed
from tests.recorded.record import MACHINE

_CLOSE = 1e-9  # relative; where the machine itself computes other last bits
_MOST_SHOWN = 160  # characters
_NOTHING = "(nothing)"


class Difference(NamedTuple):
    """A record that is not as expected.

    Attributes:
        topic: Its topic.
        place: Its place among the records of the topic.
        key: Its key, or what else names it.
        path: The first field that differs.
        expected: Its value in the file, by its new names.
        got: Its value now.
    """

    topic: str
    place: int
    key: str
    path: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        where = f"{self.topic}[{self.place}] {self.key}".rstrip() + f": {self.path or 'the record'}"
        return f"{where}\n  expected {_short(self.expected)}\n  got      {_short(self.got)}"


def differences(
    expected: Mapping[str, list[Line]], got: Mapping[str, list[Line]], renames: Renames = RENAMED
) -> Iterator[Difference]:
    """Yield the first difference of each topic.

    Numbers are equal when every bit is. Only where the machine is another than the one that wrote the file, and its
    logarithms have other last bits, they are equal to nine digits.
    """
    expected, got = masked(renamed(expected, renames), renames), masked(got, renames)
    is_exact = expected.pop(MACHINE, None) == got.pop(MACHINE, None)
    for topic in dict.fromkeys([*expected, *got]):
        pairs = zip_longest(expected.get(topic, []), got.get(topic, []))
        for place, (ours, theirs) in enumerate(pairs):
            found = _first(ours, theirs, "", is_exact=is_exact)
            if found is not None:
                yield Difference(topic, place, _name_of(ours or theirs), *found)
                break


def _first(expected: Any, got: Any, path: str, *, is_exact: bool) -> tuple[str, Any, Any] | None:
    """Return path and values of the first difference; an integer is no float, and a missing field no null."""
    if type(expected) is type(got) and isinstance(expected, dict | list):
        inside = (_first(*part, is_exact=is_exact) for part in _parts(expected, got, path))
        return next(filter(None, inside), None)
    if not is_exact and isinstance(expected, float) and isinstance(got, float):
        is_equal = math.isclose(expected, got, rel_tol=_CLOSE, abs_tol=_CLOSE)
    else:
        is_equal = type(expected) is type(got) and repr(expected) == repr(got)
    return None if is_equal else (path, expected, got)


def _parts(expected: Any, got: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield the parts of two objects or two lists side by side, each with its path."""
    if isinstance(expected, list):
        for place, (ours, theirs) in enumerate(zip_longest(expected, got, fillvalue=_NOTHING)):
            yield ours, theirs, f"{path}[{place}]"
    else:
        for name in sorted({*expected, *got}):
            yield expected.get(name, _NOTHING), got.get(name, _NOTHING), f"{path}.{name}".lstrip(".")


def _name_of(line: Line) -> str:
    known = [line.get("key"), line.get("model"), line.get("partition")]
    return " ".join(str(fact) for fact in known if fact not in (None, ""))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}... ({len(text)} characters)"
