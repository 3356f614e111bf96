"""Verifies the lines of a log in their order: each has the next number and the hash of the line before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from stream_app.core.audit.entries import (
    FIRST_PREV,
    SEGMENT_OPEN,
    UNREADABLE,
    VERSION,
    Entry,
    Link,
    read_entry,
    read_link,
)
from stream_app.core.audit.merkle import CompactRange


@dataclass(frozen=True)
class Fault:
    """Where a log is damaged.

    Attributes:
        seq: Number of the first entry that is not what was written.
        reason: What is wrong with it.
    """

    seq: int
    reason: str


class Chain:
    """What is known after some lines of a log.

    Args:
        tree: The tree of the lines before.
        prev: Leaf hash of the line before, hexadecimal.

    Attributes:
        tree: The tree of all lines.
        prev: Leaf hash of the last one.
    """

    def __init__(self, tree: CompactRange | None = None, prev: str = FIRST_PREV) -> None:
        self.tree = tree or CompactRange()
        self.prev = prev

    def extend(self, lines: Sequence[bytes]) -> Fault | list[bytes]:
        """Verify lines and append them.

        Args:
            lines: Lines without their line feeds.

        Returns:
            The first fault, and then nothing is appended; else every node of the tree that they complete.
        """
        seq, prev, leaves = self.tree.size, self.prev, []
        for line in lines:
            try:
                link = read_link(line)
            except UNREADABLE:
                return Fault(seq, "it is not an entry")
            leaf = sha256(b"\x00" + line).digest()
            if link.seq != seq or link.prev != prev or link.v != VERSION:
                return self._fault(seq, link, leaf, lines[seq - self.tree.size + 1 :])
            leaves.append(leaf)
            prev = leaf.hex()
            seq += 1
        self.prev = prev
        return self.tree.extend(leaves)

    def _fault(self, seq: int, link: Link, leaf: bytes, rest: Sequence[bytes]) -> Fault:
        if link.v != VERSION:
            return Fault(seq, f"it has version {link.v} of the format")
        if link.seq != seq:
            return Fault(seq, f"entry {link.seq} is in its place")
        if seq and rest and _is_followed_by(leaf, rest[0]):
            return Fault(seq - 1, "the next entry contains another hash of it")
        return Fault(seq, "it does not contain the hash of the entry before it")


def _is_followed_by(leaf: bytes, line: bytes) -> bool:
    try:
        return read_link(line).prev == leaf.hex()
    except UNREADABLE:
        return False


def opening_data(segment: str, previous: str | None, previous_bytes: int, tree: CompactRange) -> dict[str, Any]:
    """Return the data of the entry that begins a segment.

    Args:
        segment: Name of the segment.
        previous: Name of the one before; None before the first.
        previous_bytes: Its size.
        tree: The tree of all entries before it: with it a reader can begin at this segment.
    """
    nodes = [node.hex() for node in tree.nodes]
    return {"segment": segment, "previous": previous, "previous_bytes": previous_bytes, "nodes": nodes}


def chain_at(line: bytes) -> Chain | None:
    """Return the chain before the entry that begins a segment; None if the line is not such an entry."""
    entry = read_opening(line)
    if entry is None:
        return None
    try:
        nodes = [bytes.fromhex(node) for node in entry.data["nodes"]]
        return Chain(CompactRange(entry.seq, nodes), entry.prev)
    except (KeyError, TypeError, ValueError):
        return None


def read_opening(line: bytes) -> Entry | None:
    """Read the entry that begins a segment; None if the line is another one."""
    try:
        entry = read_entry(line)
    except UNREADABLE:
        return None
    return entry if entry.type == SEGMENT_OPEN else None
