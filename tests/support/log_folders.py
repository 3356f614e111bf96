"""What is in the folder of an audit log: its lines, their numbers, and its newest checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

from stream_app.core.audit.merkle import CompactRange, leaf_hash
from stream_app.edges.audit.checkpoint_file import CheckpointFile
from stream_app.edges.audit.segments import list_segments, read_segment
from tests.support.audit_logs import KEY


def lines_of(folder: Path) -> list[bytes]:
    """Return every line of a log."""
    return [line for segment in list_segments(folder) for line in read_segment(folder, segment).lines]


def numbers_of(folder: Path) -> list[int]:
    """Return the number of each entry that has one; the entries must be numbered without a gap."""
    entries = [json.loads(line) for line in lines_of(folder)]
    assert [entry["seq"] for entry in entries] == list(range(len(entries)))
    return [entry["data"]["number"] for entry in entries if entry["type"] == "test"]


def is_signed(folder: Path) -> bool:
    """Return whether the newest checkpoint is signed and about the lines that are there."""
    newest = CheckpointFile(folder / "checkpoints.jsonl").newest()
    lines = lines_of(folder)
    tree = CompactRange()
    assert newest is not None
    tree.extend(map(leaf_hash, lines[: newest.checkpoint.size]))
    assert newest.note.signature_of(KEY.verifier_key()) is not None
    return newest.checkpoint.root == tree.root()
