"""The Merkle tree and its proofs against the published roots, and against the recursive definition."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    leaf_hash,
    n_stored,
    nodes_in_memory,
    stored_index,
)
from stream_app.core.audit.proofs import (
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    root_at,
    root_of_inclusion,
)

# The leaves and roots of the tests of Certificate Transparency (google/certificate-transparency, merkletree).
_TEXTS = "- 00 10 2021 3031 40414243 5051525354555657 606162636465666768696a6b6c6d6e6f"
LEAVES = [bytes.fromhex(text.strip("-")) for text in _TEXTS.split()]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

SIZES = st.integers(1, 70)


def merkle_tree_hash(leaves: list[bytes]) -> bytes:
    """Return MTH by the recursion of RFC 6962."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + merkle_tree_hash(leaves[:k]) + merkle_tree_hash(leaves[k:])).digest()


def numbered(n: int) -> list[bytes]:
    return [str(number).encode() for number in range(n)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    tree = CompactRange()
    tree.extend(map(leaf_hash, LEAVES[:size]))
    assert tree.root().hex() == ROOTS[size - 1]


def test_the_root_of_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert CompactRange().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_audit_paths_of_rfc_6962() -> None:
    # RFC 6962, section 2.1.3: seven leaves d0..d6, nodes named as in its figure.
    _, node_at = nodes_in_memory(map(leaf_hash, numbered(7)))
    a, b, c, d, _e, f, j = (node_at(0, number) for number in range(7))
    g, h, i, k = node_at(1, 0), node_at(1, 1), node_at(1, 2), node_at(2, 0)
    tree_l = sha256(b"\x01" + i + j).digest()
    assert inclusion_proof(0, 7, node_at) == [b, h, tree_l]
    assert inclusion_proof(3, 7, node_at) == [c, g, tree_l]
    assert inclusion_proof(4, 7, node_at) == [f, j, k]
    assert inclusion_proof(6, 7, node_at) == [i, k]
    assert consistency_proof(3, 7, node_at) == [c, d, g, tree_l]
    assert consistency_proof(4, 7, node_at) == [tree_l]
    assert consistency_proof(6, 7, node_at) == [i, j, k]
    assert a != b


@given(st.lists(SIZES, max_size=6))
def test_appending_in_parts_gives_the_recursive_root_and_every_node(parts: list[int]) -> None:
    leaves = numbered(sum(parts))
    tree, stored, done = CompactRange(), [], 0
    for part in parts:
        stored += tree.extend(map(leaf_hash, leaves[done : done + part]))
        done += part
        tree = CompactRange(tree.size, tree.nodes)  # as after a restart
    assert tree.root() == merkle_tree_hash(leaves)
    assert len(stored) == n_stored(len(leaves))
    for level in range(7):
        for index in range(len(leaves) >> level):
            start, end = index << level, (index + 1) << level
            assert stored[stored_index(level, index)] == merkle_tree_hash(leaves[start:end])


@given(SIZES, st.data())
def test_every_proof_verifies_and_no_changed_one_does(size: int, data: st.DataObject) -> None:
    leaves = numbered(size)
    n, node_at = nodes_in_memory(map(leaf_hash, leaves))
    root = root_at(n, node_at)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, node_at)
    leaf = leaf_hash(leaves[index])
    assert is_included(index, size, leaf, path, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index)) if size > 1 else None
    if other is not None:
        assert not is_included(other, size, leaf, path, root)
        assert not is_included(index, size, leaf_hash(leaves[other]), path, root)
    assert not is_included(index, size, leaf, [*path, root], root)
    assert not is_included(index, size, leaf, path[:-1], root) or not path

    first = data.draw(st.integers(0, size))
    proof = consistency_proof(first, size, node_at)
    old_root = root_at(first, node_at)
    assert is_consistent(first, size, old_root, root, proof)
    assert not is_consistent(first, size, sha256(b"other").digest(), root, proof)
    assert not first or not is_consistent(first, size, old_root, sha256(b"other").digest(), proof)
    assert not is_consistent(first, size, old_root, root, [*proof, root])
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:place], sha256(proof[place]).digest(), *proof[place + 1 :]]
        assert not is_consistent(first, size, old_root, root, changed)
        assert not is_consistent(first, size, old_root, root, proof[:-1])


@given(st.integers(2, 60), st.data())
def test_a_tree_with_another_history_is_not_consistent(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, first - 1))
    leaves = numbered(size)
    _, honest = nodes_in_memory(map(leaf_hash, leaves))
    leaves[changed] = b"rewritten"
    _, forged = nodes_in_memory(map(leaf_hash, leaves))
    proof = consistency_proof(first, size, forged)
    assert not is_consistent(first, size, root_at(first, honest), root_at(size, forged), proof)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_the_tree_lacks_has_no_proof(index: int, size: int) -> None:
    _, node_at = nodes_in_memory(map(leaf_hash, numbered(size)))
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(index, size, node_at)
    assert root_of_inclusion(index, size, b"", []) is None


def test_a_compact_range_of_the_wrong_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="complete subtrees"):
        CompactRange(3, [bytes(32)])
    with pytest.raises(ValueError, match="complete subtrees"):
        CompactRange(1, [b"short"])


@pytest.mark.parametrize(("first", "second"), [(3, 2), (-1, 2)])
def test_a_smaller_tree_does_not_continue_a_larger_one(first: int, second: int) -> None:
    _, node_at = nodes_in_memory(map(leaf_hash, numbered(3)))
    with pytest.raises(ValueError, match="larger"):
        consistency_proof(first, second, node_at)
    assert not is_consistent(first, second, EMPTY_ROOT, EMPTY_ROOT, [])
