"""Codes, vectors and panes."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.windows.cells import CellLayout, Cells, add_cells
from stream_app.core.windows.pane_store import PaneStore
from stream_app.core.windows.partials import (
    PanePartial,
    Partial,
    decode_partial,
    encode_partial,
    max_cells_of,
    pieces_of,
    split_panes,
)

LAYOUT = CellLayout((("sex", ("f", "m", "?")), ("site", ("1", "2")), ("decision", ("yes", "no"))), n_features=2)


def test_every_code_stands_for_one_combination_of_labels() -> None:
    assert [LAYOUT.labels_of(code) for code in range(LAYOUT.size)] == list(
        product(*(labels for _, labels in LAYOUT.dimensions))
    )
    assert [LAYOUT.code_of(LAYOUT.indices_of(code)) for code in range(LAYOUT.size)] == list(range(12))
    assert LAYOUT.width == 7


def test_dimensions_are_found_by_name() -> None:
    assert [LAYOUT.position_of(name) for name in ("sex", "site", "decision")] == [0, 1, 2]
    with pytest.raises(KeyError):
        LAYOUT.position_of("age")


def test_a_combination_needs_one_index_for_each_dimension() -> None:
    with pytest.raises(ValueError, match="zip"):
        LAYOUT.code_of((1, 1))


cells = st.dictionaries(st.integers(0, 9), st.lists(st.integers(-5, 5), min_size=2, max_size=2), max_size=6)


@given(cells, cells, cells)
def test_adding_is_associative_order_free_and_can_be_undone(a: Cells, b: Cells, c: Cells) -> None:
    one, other = total(a, b, c), total(c, a, b)
    assert one == other
    add_cells(one, c, sign=-1)
    assert one == total(a, b)
    assert all(any(vector) for vector in one.values())


def total(*parts: Cells) -> Cells:
    summed: Cells = {}
    for part in parts:
        add_cells(summed, part)
    return summed


def test_panes_that_come_back_from_state_are_not_changes_but_are_added_to() -> None:
    store = PaneStore()
    store.put_back([PanePartial(100, {1: [4]}), PanePartial(100, {2: [1]}), PanePartial(110, {1: [1]})])
    assert store.take_changes() == []
    store.add(100, {1: [1]})
    assert store.take_changes() == [PanePartial(100, {1: [5], 2: [1]})]
    assert store.close_before(110) == [100]
    assert len(store) == 1


def test_what_was_reported_of_a_pane_does_not_change_when_more_is_counted() -> None:
    store = PaneStore()
    store.add(100, {1: [1]})
    (said,) = store.take_changes()
    store.add(100, {1: [1]})
    assert said == PanePartial(100, {1: [1]})


panes = st.lists(
    st.builds(PanePartial, st.integers(0, 3), st.dictionaries(st.integers(0, 9), st.just([1]))), max_size=5
)


@given(panes, st.integers(1, 4))
def test_parts_contain_every_cell_once_and_none_too_many(drawn: list[PanePartial], max_cells: int) -> None:
    parts = split_panes(drawn, max_cells)
    assert len(parts) >= 1
    assert all(sum(len(piece.cells) for piece in part) <= max_cells for part in parts)
    pieces = [(piece.start_s, code) for part in parts for piece in part for code in piece.cells]
    assert pieces == [(pane.start_s, code) for pane in drawn for code in pane.cells]


@pytest.mark.parametrize("width", [1, 4, 7, 49])
def test_a_part_of_the_greatest_numbers_fits_into_a_record(width: int) -> None:
    n_cells = max_cells_of(width)
    greatest = 2**63 - 1
    alone = [PanePartial(greatest - number, {greatest - number: [greatest] * width}) for number in range(n_cells)]
    wide = PanePartial(greatest, {greatest - number: [greatest] * width for number in range(n_cells)})
    for part in (tuple(alone), (wide,)):
        record = encode_partial(
            Partial(
                model="m" * 40,
                layout_hash="h" * 16,
                topic="t" * 200,
                partition=10_000,
                n_partitions=10_000,
                next_offset=greatest,
                closed_before_s=greatest,
                max_event_s=greatest,
                is_idle=True,
                panes=part,
            )
        )
        assert len(record) < 1_000_000
    assert len(msgspec.msgpack.encode(wide)) < 1_000_000
    assert pieces_of(wide, n_cells) == [wide]


def test_a_partial_reads_back_as_it_was_written_and_other_bytes_do_not() -> None:
    partial = Partial(
        model="m",
        layout_hash="h",
        topic="t",
        partition=0,
        n_partitions=1,
        next_offset=7,
        closed_before_s=None,
        max_event_s=None,
        is_idle=False,
        panes=(PanePartial(10, {3: [1, 2]}),),
    )
    assert decode_partial(encode_partial(partial)) == partial
    with pytest.raises(msgspec.MsgspecError):
        decode_partial(b"\x93")
