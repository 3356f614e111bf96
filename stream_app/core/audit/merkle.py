"""The append-only Merkle tree of a log.

    MTH({})     = SHA-256()
    MTH({d})    = SHA-256(0x00 || d)
    MTH(D[0:n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))      k: largest power of two below n

Source: RFC 6962, section 2.1; RFC 9162, section 2.1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()

NodeAt = Callable[[int, int], bytes]  # level, index: root of the leaves [index * 2**level, (index + 1) * 2**level)


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf.

    >>> leaf_hash(b"").hex()[:8]
    '6e340b9c'
    """
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree of which only the roots of its complete subtrees are kept: O(log n) hashes, O(1) amortized per append.

    Args:
        size: Number of leaves.
        nodes: Roots of its complete subtrees, largest first: one for each bit of ``size``.

    Raises:
        ValueError: size and number of nodes disagree.
    """

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(nodes) != size.bit_count() or any(len(node) != HASH_BYTES for node in nodes):
            raise ValueError("not the complete subtrees of a tree of this size")
        self.size = size
        self._nodes = list(nodes)

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest first."""
        return tuple(self._nodes)

    def extend(self, leaves: Iterable[bytes]) -> list[bytes]:
        """Append leaves.

        Args:
            leaves: Their hashes.

        Returns:
            Every node that is complete now and was not before, each leaf followed by the nodes that it completed.
        """
        nodes, size, completed = self._nodes, self.size, []
        for leaf in leaves:
            node = leaf
            completed.append(node)
            carry = size
            while carry & 1:
                node = sha256(b"\x01" + nodes.pop() + node).digest()
                completed.append(node)
                carry >>= 1
            nodes.append(node)
            size += 1
        self.size = size
        return completed

    def root(self) -> bytes:
        """Return the root of the tree.

        >>> CompactRange().root() == EMPTY_ROOT
        True
        """
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root


def stored_index(level: int, index: int) -> int:
    """Return the place of a complete node in the sequence of all nodes that ``CompactRange.extend`` returns.

    Source: golang.org/x/mod/sumdb/tlog, StoredHashIndex.

    >>> [stored_index(0, 0), stored_index(0, 1), stored_index(1, 0), stored_index(0, 2)]
    [0, 1, 2, 3]
    """
    leaf = ((index + 1) << level) - 1  # the leaf that completes it
    place = 0
    while leaf:
        place += leaf
        leaf >>= 1
    return place + level


def n_stored(size: int) -> int:
    """Return how many nodes ``CompactRange.extend`` returns for the first ``size`` leaves.

    >>> [n_stored(size) for size in range(5)]
    [0, 1, 3, 4, 7]
    """
    return 2 * size - size.bit_count()


def nodes_in_memory(leaves: Iterable[bytes]) -> tuple[int, NodeAt]:
    """Return the number of leaves, and the complete nodes of their tree, 64 bytes of memory for each leaf."""
    tree = CompactRange()
    stored = tree.extend(leaves)
    return tree.size, lambda level, index: stored[stored_index(level, index)]
