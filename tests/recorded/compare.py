"""Compare expected and actual records topic by topic, and describe the first difference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from tests.recorded.lines import Line
from tests.recorded.names import RENAMED, Renames, masked, renamed
from tests.recorded.record import MACHINE

_CLOSE = 1e-9  # relative tolerance on a machine whose floating-point functions differ in the last bits
_MAX_SHOWN = 160  # characters
_MISSING = "(nothing)"


class Difference(NamedTuple):
    """A record that is not as expected.

    Attributes:
        topic: The topic of the record.
        position: The position of the record in its topic.
        key: The key of the record, or its model and partition.
        path: The path of the first field that differs.
        expected: The value in the file, under its current names.
        got: The actual value.
    """

    topic: str
    position: int
    key: str
    path: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        location = f"{self.topic}[{self.position}] {self.key}".rstrip() + f": {self.path or 'the record'}"
        return f"{location}\n  expected {_short(self.expected)}\n  got      {_short(self.got)}"


def differences(
    expected: Mapping[str, list[Line]], got: Mapping[str, list[Line]], renames: Renames = RENAMED
) -> Iterator[Difference]:
    """Yield the first difference of each topic.

    Numbers must be equal bit for bit. A machine whose floating-point functions differ in the last bits from those of
    the machine that wrote the file is compared to nine digits.
    """
    expected, got = masked(renamed(expected, renames), renames), masked(got, renames)
    is_exact = expected.pop(MACHINE, None) == got.pop(MACHINE, None)
    for topic in dict.fromkeys([*expected, *got]):
        pairs = zip_longest(expected.get(topic, []), got.get(topic, []))
        for index, (expected_line, line) in enumerate(pairs):
            difference = _first_difference(expected_line, line, "", is_exact=is_exact)
            if difference is not None:
                yield Difference(topic, index, _name_of(expected_line or line), *difference)
                break


def _first_difference(expected: Any, got: Any, path: str, *, is_exact: bool) -> tuple[str, Any, Any] | None:
    """Return the path and values of the first difference. Types must match, and a missing field is not null."""
    if type(expected) is type(got) and isinstance(expected, dict | list):
        inner = (_first_difference(*part, is_exact=is_exact) for part in _parts(expected, got, path))
        return next(filter(None, inner), None)
    if not is_exact and isinstance(expected, float) and isinstance(got, float):
        is_equal = math.isclose(expected, got, rel_tol=_CLOSE, abs_tol=_CLOSE)
    else:
        is_equal = type(expected) is type(got) and repr(expected) == repr(got)
    return None if is_equal else (path, expected, got)


def _parts(expected: Any, got: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield pairs of corresponding parts of two objects or two lists, with their paths."""
    if isinstance(expected, list):
        for index, (expected_item, item) in enumerate(zip_longest(expected, got, fillvalue=_MISSING)):
            yield expected_item, item, f"{path}[{index}]"
    else:
        for name in sorted({*expected, *got}):
            yield expected.get(name, _MISSING), got.get(name, _MISSING), f"{path}.{name}".lstrip(".")


def _name_of(line: Line) -> str:
    facts = [line.get("key"), line.get("model"), line.get("partition")]
    return " ".join(str(fact) for fact in facts if fact not in (None, ""))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}... ({len(text)} characters)"
