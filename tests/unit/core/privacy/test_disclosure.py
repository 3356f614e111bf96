"""What of one release may be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.privacy.disclosure import disclose


@pytest.mark.parametrize(
    ("people", "shown", "is_total_shown"),
    [
        ({"a": 90, "b": 40}, "ab", True),
        ({"a": 90, "b": 40, "c": 4}, "a", True),  # c alone could be subtracted, so b is hidden too
        ({"a": 90, "b": 6, "c": 4}, "a", True),  # together 10: no need to hide more
        (
            {"a": 90, "b": 5, "c": 4},
            "",
            True,
        ),  # 9 hidden: a is hidden too; the total of 99 reveals nothing
        ({"a": 10, "b": 9}, "", True),
        ({"a": 4}, "", False),
        ({"a": 4, "b": 5}, "", False),
        ({"a": 10}, "a", True),
        ({"a": 10, "b": 0}, "a", True),  # an empty cell hides nobody
        ({"a": 0}, "", True),
        ({}, "", True),
    ],
)
def test_cases_of_suppression(people: dict[str, int], shown: str, *, is_total_shown: bool) -> None:
    release = disclose(people, 10)
    assert "".join(sorted(release.shown)) == shown
    assert release.is_total_shown is is_total_shown


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 40)), st.integers(1, 15))
def test_no_reader_of_cells_and_total_can_isolate_fewer_than_k_people(people: dict[int, int], k: int) -> None:
    release = disclose(people, k)
    assert all(people[cell] >= k for cell in release.shown)
    hidden = sum(n for cell, n in people.items() if cell not in release.shown)
    assert not release.is_total_shown or hidden == 0 or hidden >= k
    assert release.small == {cell for cell, n in people.items() if 0 < n < k}
    assert not release.shown & release.complementary
