"""The search in simulated lenders, in short; ``python -m benchmarks alternatives`` is the long form."""

from __future__ import annotations

import pytest

from benchmarks.alternatives.validity import count_false, count_found


def test_a_planted_alternative_is_found() -> None:
    assert count_found(range(8)) == 8


@pytest.mark.parametrize("kind", ["equal", "costly"])
def test_a_false_alternative_is_rarely_found(kind: str) -> None:
    # Of 12 lenders, of which at most 5 % are expected: more than 3 have a probability below 0.3 %.
    assert count_false(kind, range(12)) <= 3
