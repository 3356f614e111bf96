"""The chain of a log: lines in their order, and what else is not a line or not in order."""

from __future__ import annotations

import pytest

from stream_app.core.audit.chain import Chain, Fault, chain_at, opening_data
from stream_app.core.audit.entries import FIRST_PREV, SEGMENT_OPEN, NewEntry, encode_line
from stream_app.core.audit.merkle import CompactRange, leaf_hash


def lines(n: int) -> list[bytes]:
    made: list[bytes] = []
    for seq in range(n):
        previous = leaf_hash(made[-1]).hex() if made else FIRST_PREV
        made.append(encode_line(NewEntry(type="test", actor="a", data={}), seq, "t", previous))
    return made


def test_lines_in_order_make_the_tree_however_they_arrive() -> None:
    chain, at_once = Chain(), Chain()
    for line in lines(7):
        assert isinstance(chain.extend([line]), list)
    nodes = at_once.extend(lines(7))
    assert isinstance(nodes, list)
    assert len(nodes) == 7 + 4  # leaves and inner nodes
    assert (chain.prev, chain.tree.root()) == (at_once.prev, at_once.tree.root())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda made: made.pop(3), Fault(3, "entry 4 is in its place")),
        (lambda made: made.__setitem__(3, b"{}"), Fault(3, "it is not an entry")),
        (
            lambda made: made.__setitem__(3, made[3].replace(b'"v":1', b'"v":2')),
            Fault(3, "it has version 2 of the format"),
        ),
        (
            lambda made: made.__setitem__(3, made[3].replace(b'"a"', b'"b"')),
            Fault(3, "the next entry contains another hash of it"),
        ),
        (
            lambda made: made.__setitem__(6, made[6].replace(b'"prev":"', b'"prev":"0')),
            Fault(6, "it does not contain the hash of the entry before it"),
        ),
        (
            lambda made: made.__setitem__(slice(5, 7), [made[5].replace(b'"prev":"', b'"prev":"0'), b"{"]),
            Fault(5, "it does not contain the hash of the entry before it"),
        ),
    ],
)
def test_the_first_wrong_line_is_named_and_nothing_is_appended(change: object, fault: Fault) -> None:
    made, chain = lines(7), Chain()
    assert callable(change)
    change(made)
    assert chain.extend(made) == fault
    assert (chain.tree.size, chain.prev) == (0, FIRST_PREV)


def test_a_segment_begins_with_the_tree_before_it() -> None:
    tree = CompactRange()
    tree.extend(map(leaf_hash, lines(5)))
    data = opening_data("s1", "s0", 700, tree)
    line = encode_line(NewEntry(type=SEGMENT_OPEN, actor="a", data=data), 5, "t", "ab")
    chain = chain_at(line)
    assert chain is not None
    assert (chain.tree.nodes, chain.prev) == (tree.nodes, "ab")
    for other in (b"", b"{", lines(1)[0], line.replace(b'"seq":5', b'"seq":4'), line.replace(b'"nodes"', b'"nods"')):
        assert chain_at(other) is None
