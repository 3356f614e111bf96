"""Changes of an audit log that somebody makes who can write to its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from stream_app.core.audit.checkpoints import Checkpoint, sign_checkpoint
from stream_app.core.audit.merkle import CompactRange, leaf_hash
from stream_app.core.audit.notes import ED25519, SigningKey
from stream_app.edges.audit.checkpoint_file import CheckpointFile
from stream_app.programs.audit.verify import Verdict
from tests.support.audit_logs import KEY, WrittenLog

STRANGER = SigningKey(KEY.name, ED25519, b"s" * 32)


def swap_lines(path: Path, first: int, second: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[first], lines[second] = lines[second], lines[first]
    path.write_bytes(b"".join(lines))


def without_line(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[number]
    path.write_bytes(b"".join(lines))


def duplicate_line(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[: number + 1], *lines[number:]]))


def swap_files(first: Path, second: Path) -> None:
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


# Each kind of change, and what a verification calls it.
CHANGES: dict[str, tuple[Callable[[WrittenLog], object], Verdict]] = {
    "a line deleted": (lambda log: without_line(log.segments[1], 2), Verdict.TAMPERED),
    "the first line deleted": (lambda log: without_line(log.segments[0], 0), Verdict.TAMPERED),
    "a line duplicated": (lambda log: duplicate_line(log.segments[1], 2), Verdict.TAMPERED),
    "two lines swapped": (lambda log: swap_lines(log.segments[1], 1, 2), Verdict.TAMPERED),
    "two segments swapped": (lambda log: swap_files(log.segments[1], log.segments[2]), Verdict.TAMPERED),
    "a segment deleted": (lambda log: log.segments[1].unlink(), Verdict.TAMPERED),
    "the first segment deleted": (lambda log: log.segments[0].unlink(), Verdict.TAMPERED),
    "a segment emptied": (lambda log: log.segments[1].write_bytes(b""), Verdict.TAMPERED),
    "a segment cut within a line": (
        lambda log: log.segments[1].write_bytes(log.segments[1].read_bytes()[:-5]),
        Verdict.TAMPERED,
    ),
    "the newest line cut": (lambda log: without_line(log.segments[-1], -1), Verdict.CUT),
    "the newest segment deleted": (lambda log: log.segments[-1].unlink(), Verdict.CUT),
    "the newest line cut in half": (
        lambda log: log.segments[-1].write_bytes(log.segments[-1].read_bytes()[:-20]),
        Verdict.TAMPERED,
    ),
}


def rewrite(log: WrittenLog, key: SigningKey, number: int = 5) -> None:
    """Change the entry with a number, and make every later hash and every checkpoint agree with it.

    Args:
        log: The log.
        key: Signs the checkpoints.
        number: The number.
    """
    previous, n_bytes, tree, roots = "0" * 64, 0, CompactRange(), {0: b""}
    for path in log.segments:
        lines = []
        for line in path.read_bytes().splitlines():
            entry = json.loads(line)
            entry["prev"] = previous
            if entry["type"] == "segment-open":
                entry["data"] |= {"nodes": [node.hex() for node in tree.nodes], "previous_bytes": n_bytes}
            if entry["data"].get("number") == number:
                entry["data"]["number"] = -1
            text = json.dumps(entry, separators=(",", ":"), sort_keys=True).encode()
            previous = sha256(b"\x00" + text).hexdigest()
            tree.extend([leaf_hash(text)])
            roots[tree.size] = tree.root()
            lines.append(text + b"\n")
        path.write_bytes(b"".join(lines))
        n_bytes = path.stat().st_size
    checkpoints = CheckpointFile(log.checkpoints)
    sizes = [signed.checkpoint.size for signed in checkpoints.read()]
    log.checkpoints.unlink()
    for size in sizes:
        checkpoints.append(sign_checkpoint(Checkpoint(KEY.name, size, roots[size]), key))
