"""Tables of counts from rows: which rows are accepted, which are rejected, and the position in the error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stream_app.errors import ConfigError
from stream_app.offline.columns import ColumnNames, CountRow
from stream_app.offline.rows import read_long, read_wide
from stream_app.offline.table import Pair

GOOD = {"k_a": "1", "n_a": "2", "k_b": "3", "n_b": "4"}
SAME = ColumnNames({})


def rows(*cells: Mapping[str, object]) -> list[CountRow]:
    return [CountRow(f"line {number}", row) for number, row in enumerate(cells, 2)]


def long_rows(*cells: tuple[object, ...], time: str = "period") -> list[CountRow]:
    return rows(*(dict(zip((time, "group", "k", "n"), row, strict=True)) for row in cells))


def test_panes_without_times_are_called_by_their_number() -> None:
    table = read_wide(rows(GOOD, GOOD), SAME)
    assert (table.labels, table.has_times, table.starts_s.tolist()) == (("0", "1"), False, [0, 1])


def test_panes_with_times_are_called_by_their_time() -> None:
    table = read_wide(rows(GOOD | {"start": "2026-01-05T01:00+01:00"}, GOOD | {"start": 1767571260}), SAME)
    assert table.labels == ("2026-01-05T00:00:00Z", "2026-01-05T00:01:00Z")
    assert table.has_times
    assert table.pane_at(1767571260) == 1


def test_columns_may_have_other_names_and_others_are_ignored() -> None:
    cells = {"approved": 1, "women": 2, "k_b": 3, "n_b": 4, "note": "x"}
    assert read_wide(rows(cells), ColumnNames({"k_a": "approved", "n_a": "women"})).counts.tolist() == [[[1, 2, 3, 4]]]


@pytest.mark.parametrize(
    "count", ["-1", -1, "1.5", 1.5, "nan", float("nan"), "", None, True, "1e1", "1 000", 10**9 + 1]
)
def test_an_invalid_count_is_rejected_with_its_line_and_column(count: Any) -> None:
    with pytest.raises(ConfigError, match=r"^line 3: column n_b: expected a whole number from 0 to 1,000,000,000$"):
        read_wide(rows(GOOD, GOOD | {"n_b": count}), SAME)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (GOOD | {"k_a": "3"}, "line 3: column k_a: expected at most the value of n_a"),
        ({"k_a": "1"}, "line 3: missing column 'n_a'"),
    ],
)
def test_rows_that_contradict_themselves_are_rejected(cells: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        read_wide(rows(GOOD, cells), SAME)


@pytest.mark.parametrize("start", ["2026-01-05", "2026-01-04", "2026-01-05T00:00:00.9"])
def test_times_that_do_not_increase_are_rejected(start: str) -> None:
    with pytest.raises(ConfigError, match="line 3: column start: expected a time at least one second after"):
        read_wide(rows(GOOD | {"start": "2026-01-05"}, GOOD | {"start": start}), SAME)


@pytest.mark.parametrize("start", ["yesterday", "", None, "1767225600000", -1, "1969-12-31", 1e300, 10**400])
def test_an_invalid_time_is_rejected(start: Any) -> None:
    with pytest.raises(ConfigError, match="line 2: column start: expected an ISO 8601 time or seconds since 1970"):
        read_wide(rows(GOOD | {"start": start}), SAME)


def test_a_file_without_rows_is_rejected() -> None:
    with pytest.raises(ConfigError, match="There is no row of counts"):
        read_wide([], SAME)
    with pytest.raises(ConfigError, match="There is no row of counts"):
        read_long([], SAME, "men")


def test_every_group_but_the_reference_makes_a_pair_and_missing_rows_count_as_zero() -> None:
    table = read_long(
        long_rows(("Q1", "men", 5, 6), ("Q1", "women", 1, 2), ("Q2", "others", 3, 4), ("Q3", "men", 7, 8)), SAME, "men"
    )
    assert table.pairs == (Pair("women", "men"), Pair("others", "men"))
    assert table.labels == ("Q1", "Q2", "Q3")
    assert table.counts.tolist() == [
        [[1, 2, 5, 6], [0, 0, 5, 6]],
        [[0, 0, 0, 0], [3, 4, 0, 0]],
        [[0, 0, 7, 8], [0, 0, 7, 8]],
    ]


def test_a_long_table_may_have_times() -> None:
    given = long_rows((0, "a", 1, 2), (0, "b", 1, 2), (60, "a", 1, 2), time="start")
    table = read_long(given, SAME, "a")
    assert (table.has_times, table.starts_s.tolist()) == (True, [0, 60])


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        (("Q1", "men", 1, 2), ("Q1", "men", 1, 2), "this period already has a row for the group"),
        (("Q2", "men", 1, 2), ("Q1", "men", 1, 2), "all rows of a period together"),
        (("2026-02", "men", 1, 2), ("2026-01", "men", 1, 2), "a later period"),
        (("10", "men", 1, 2), ("9", "men", 1, 2), "a later period"),
        (("Q1", "men", 1, 2), ("Q2", "", 1, 2), "a name of 1 to 200"),
        (("Q1", "men", 1, 2), ("Q2", "\x1b[31mred", 1, 2), "a name of 1 to 200"),
    ],
)
def test_invalid_long_rows_are_rejected(second: tuple[object, ...], third: tuple[object, ...], expected: str) -> None:
    with pytest.raises(ConfigError, match=f"^line 4: .*{expected}"):
        read_long(long_rows(("Q1", "women", 1, 2), second, third), SAME, "men")


@pytest.mark.parametrize(("reference", "expected"), [("them", "no row for that group"), ("men", "no group besides")])
def test_a_long_table_needs_the_reference_and_another_group(reference: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        read_long(long_rows(("Q1", "men", 1, 2)), SAME, reference)


def test_no_message_quotes_a_cell() -> None:
    for cells in (GOOD | {"k_a": "secret"}, GOOD | {"start": "secret"}):
        with pytest.raises(ConfigError) as caught:
            read_wide(rows(cells), SAME)
        assert "secret" not in str(caught.value)
