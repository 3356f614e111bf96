"""Proofs about a Merkle tree: that it contains a leaf, and that it continues a smaller one.

Source: RFC 6962, sections 2.1.1 and 2.1.2; verification as in RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.audit.merkle import EMPTY_ROOT, NodeAt, node_hash


def root_at(size: int, node_at: NodeAt) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return _root(0, size, node_at) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Return the audit path of a leaf: one hash for each level, from the leaf to the root.

    Args:
        index: Number of the leaf, from 0.
        size: Leaves of the tree.
        node_at: Its complete nodes.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root(middle, end, node_at))
            end = middle
        else:
            path.append(_root(start, middle, node_at))
            start = middle
    return path[::-1]


def consistency_proof(first: int, second: int, node_at: NodeAt) -> list[bytes]:
    """Return the proof that the first ``second`` leaves continue the first ``first``; empty where that is trivial.

    Raises:
        ValueError: the first tree is larger.
    """
    if not 0 <= first <= second:
        raise ValueError("the first tree is larger than the second")
    if first in (0, second):
        return []
    proof: list[bytes] = []
    start, end, is_known = 0, second, True
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(_root(middle, end, node_at))
            end = middle
        else:
            proof.append(_root(start, middle, node_at))
            start, is_known = middle, False
    if not is_known:
        proof.append(_root(start, end, node_at))
    return proof[::-1]


def root_of_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an audit path leads to; None if the path does not fit the tree.

    Args:
        index: Number of the leaf.
        size: Leaves of the tree.
        leaf: Hash of the leaf.
        path: The audit path.
    """
    if not 0 <= index < size:
        return None
    number, last, root = index, size - 1, leaf
    for node in path:
        if last == 0:
            return None
        if number & 1 or number == last:
            root = node_hash(node, root)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            root = node_hash(root, node)
        number, last = number >> 1, last >> 1
    return root if last == 0 else None


def is_included(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether an audit path proves that the tree with this root contains a leaf at this place."""
    return root_of_inclusion(index, size, leaf, path) == root


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the second tree continues the first.

    Every tree continues the empty one, with an empty proof; of equal sizes the roots must be equal.
    """
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    nodes = [first_root, *proof] if first.bit_count() == 1 else [*proof]
    return bool(nodes) and _roots_of_consistency(first, second, nodes) == (first_root, second_root)


def _roots_of_consistency(first: int, second: int, nodes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency proof leads to; None if it does not fit the trees."""
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return None
        if number & 1 or number == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, node)
        number, last = number >> 1, last >> 1
    return (old, new) if last == 0 else None


def _split(n: int) -> int:
    """Return the largest power of two below ``n``."""
    return 1 << ((n - 1).bit_length() - 1)


def _root(start: int, end: int, node_at: NodeAt) -> bytes:
    """Return the root of the leaves of a range that begins at a multiple of its size, rounded up to a power of two."""
    n = end - start
    if n.bit_count() == 1:
        level = n.bit_length() - 1
        return node_at(level, start >> level)
    middle = start + _split(n)
    return node_hash(_root(start, middle, node_at), _root(middle, end, node_at))
