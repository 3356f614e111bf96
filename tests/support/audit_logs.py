"""Audit logs for tests: written by the real writer, with a clock of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint
from stream_app.core.audit.entries import Entry, NewEntry, Source
from stream_app.core.audit.notes import ED25519, SigningKey
from stream_app.edges.audit.checkpoint_file import CheckpointFile
from stream_app.edges.audit.log import AuditLog
from stream_app.edges.audit.reading import read_entries
from stream_app.edges.audit.segments import list_segments, read_segment
from stream_app.errors import WriteError
from stream_app.programs.audit.verify import KnownCheckpoint, Report, read_known, verify_log
from tests.support import clocks
from tests.support.paths import ROOT

KEY = SigningKey("fairstream/test/audit", ED25519, b"k" * 32)
NOON_S = 1_796_040_000.0  # 2026-11-30T12:00:00Z


@dataclass
class Clock(clocks.Clock):
    """A clock that a test sets; at noon of a day at first."""

    now_s: float = NOON_S


def numbered(start: int, end: int, *, log: str | None = None) -> list[NewEntry]:
    """Return entries that contain a number each; about a record of a source log, if one is named."""
    return [
        NewEntry(
            type="test",
            actor="tests",
            data={"number": number},
            source=None if log is None else Source(log=log, offset=number),
        )
        for number in range(start, end)
    ]


@dataclass
class WrittenLog:
    """A log of some segments, and the checkpoints that somebody kept elsewhere.

    Attributes:
        folder: The log.
        kept: Every checkpoint that was signed, as its note.
    """

    folder: Path
    kept: list[SignedCheckpoint] = field(default_factory=list)

    @property
    def segments(self) -> list[Path]:
        """Paths of the segments, in their order."""
        return [self.folder / segment.name for segment in list_segments(self.folder)]

    @property
    def checkpoints(self) -> Path:
        """Path of the checkpoints of the log itself."""
        return self.folder / "checkpoints.jsonl"

    def lines(self) -> list[bytes]:
        """Return all lines."""
        return [line for segment in list_segments(self.folder) for line in read_segment(self.folder, segment).lines]

    def verify(self, *given: Checkpoint) -> Report:
        """Verify the log against its own checkpoints and some that were kept."""
        known = read_known([(CheckpointFile(self.checkpoints), "checkpoints.jsonl")], KEY.verifier_key())
        return verify_log(self.folder, [*known, *(KnownCheckpoint(one, "kept") for one in given)])


def write_log(folder: Path, n: int = 40, *, step: int = 4, max_segment_bytes: int = 1500) -> WrittenLog:
    """Write a log of several segments with a checkpoint after each batch."""
    log = AuditLog(folder, KEY, now=Clock(), max_segment_bytes=max_segment_bytes)
    written = WrittenLog(folder)
    for start in range(0, n, step):
        log.append(numbered(start, start + step))
        signed = log.checkpoint()
        assert signed is not None  # the log has entries
        written.kept.append(signed)
    return written


def entries_of(state_dir: Path, *kinds: str) -> list[Entry]:
    """Return the entries of some types in the audit log of a state folder; all of them without a type."""
    return [entry for _, entry in read_entries(state_dir / "audit") if not kinds or entry.type in kinds]


def verify_proof(folder: Path, proof: dict[str, Any] | bytes, key: str, value: bytes | None = None) -> str:
    """Return what the verifier that needs nothing but Python prints about a proof.

    Args:
        folder: For its files.
        proof: The proof, or the bytes of its file.
        key: Verifier key.
        value: Value of the record; None to leave it out.
    """
    files = [folder / "proof.json"]
    files[0].write_bytes(proof if isinstance(proof, bytes) else json.dumps(proof).encode())
    if value is not None:
        files.append(folder / "record")
        files[1].write_bytes(value)
    program = ROOT / "stream_app" / "programs" / "audit" / "verify_proof.py"
    words = [sys.executable, "-I", "-S", str(program), str(files[0]), key, *map(str, files[1:])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == (0 if done.stdout.startswith("PROVEN: ") else 1)
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def reject_entry(*_: object) -> None:
    """Fail as an audit log does that cannot be written."""
    raise WriteError("The disk is full")
