"""``audit verify``: every line, every segment and every checkpoint of a log, from the first to the last."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from stream_app.core.audit.chain import Chain, Fault, chain_at, opening_data, read_opening
from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint, read_signed_checkpoint
from stream_app.core.audit.notes import NoteError, VerifierKey
from stream_app.edges.audit.checkpoint_file import CheckpointFile, read_checkpoint_line
from stream_app.edges.audit.reading import existing_segments
from stream_app.edges.audit.segments import Segment, SegmentText, has_gap, read_segment
from stream_app.edges.files.reading import open_input
from stream_app.errors import ConfigError, DamagedLogError
from stream_app.small_file import cannot_read

_MAX_GIVEN_BYTES = 256 * 1024 * 1024


class Verdict(enum.Enum):
    """What a verification says."""

    RIGHT = "right"
    TAMPERED = "tampered"
    CUT = "cut"
    UNSIGNED = "unsigned"


class KnownCheckpoint(NamedTuple):
    """A checkpoint that the log must contain.

    Attributes:
        checkpoint: What it says.
        place: Where it comes from, for people.
    """

    checkpoint: Checkpoint
    place: str


@dataclass(frozen=True)
class Report:
    """The result of a verification.

    Attributes:
        verdict: ``RIGHT``: every entry is what was written, and under a checkpoint; ``UNSIGNED``: the newest ones are
            not under one yet; ``CUT``: the log is shorter than a checkpoint; ``TAMPERED``: it is not what was written.
        n_entries: Entries that were verified.
        n_signed: Entries under the newest checkpoint; with a witness, under the newest that it has cosigned.
        n_checkpoints: Checkpoints that were verified.
        n_torn: Bytes of an entry that was being written when its process ended.
        first_bad: Number of the first entry that is wrong.
        place: Where it is, ``FILE:LINE``.
        reason: What is wrong.
    """

    verdict: Verdict
    n_entries: int
    n_signed: int
    n_checkpoints: int
    n_torn: int = 0
    first_bad: int | None = None
    place: str | None = None
    reason: str | None = None


def read_known(files: Iterable[tuple[CheckpointFile, str]], key: VerifierKey) -> list[KnownCheckpoint]:
    """Read files of checkpoints and verify the signature of each.

    Args:
        files: The files, each with its name for people.
        key: Verifier key of the log.

    Raises:
        DamagedLogError: a checkpoint is malformed, of another log or not signed by this key.
        ConfigError: a file cannot be read.
    """
    known = []
    for file, place in files:
        for number, signed in enumerate(file.read(), start=1):
            known.append(KnownCheckpoint(_verified(signed, key, f"{place}:{number}"), f"{place}:{number}"))
    return known


def newest_cosigned(file: CheckpointFile, witness: VerifierKey) -> int:
    """Return the size of the largest checkpoint with a cosignature of a witness; 0 without one.

    Raises:
        DamagedLogError: a cosignature is wrong.
        ConfigError: the file cannot be read.
    """
    try:
        return max((s.checkpoint.size for s in file.read() if s.note.signature_of(witness) is not None), default=0)
    except NoteError as error:
        raise DamagedLogError(f"A cosignature in {file.path} is wrong ({error})") from None


def verify_log(folder: Path, known: Sequence[KnownCheckpoint], n_cosigned: int | None = None) -> Report:
    """Verify a log.

    Args:
        folder: The log.
        known: Checkpoints that it must contain; their signatures are verified already.
        n_cosigned: Size of the newest checkpoint that the witness has cosigned; None if no witness is required.

    Raises:
        ConfigError: there is no log, or a file cannot be read.
    """
    run = _Run(folder, known)
    fault = run.fault()
    n_entries = run.chain.tree.size
    sizes = [one.checkpoint.size for one in known if one.checkpoint.size <= n_entries]
    n_signed = max(sizes, default=0) if n_cosigned is None else n_cosigned
    report = Report(
        Verdict.RIGHT if n_signed == n_entries else Verdict.UNSIGNED, n_entries, n_signed, len(known), run.n_torn
    )
    if fault is not None:
        place = f"{run.segment.name}:{fault.seq - run.start + 1}" if run.segment and fault.seq >= run.start else None
        return replace(report, verdict=Verdict.TAMPERED, first_bad=fault.seq, place=place, reason=fault.reason)
    top = max(known, key=lambda one: one.checkpoint.size, default=None)
    if top is not None and top.checkpoint.size > n_entries:
        reason = f"the checkpoint {top.place} has {top.checkpoint.size} entries"
        # A checkpoint is signed when its entries are complete: a crash does not leave half of one.
        verdict = Verdict.TAMPERED if run.n_torn else Verdict.CUT
        return replace(report, verdict=verdict, first_bad=n_entries, reason=reason)
    return report


class _Run:
    """One pass over the segments."""

    def __init__(self, folder: Path, known: Sequence[KnownCheckpoint]) -> None:
        self._folder, self._segments = folder, existing_segments(folder)
        self._wanted: dict[int, list[KnownCheckpoint]] = {}
        for one in known:
            self._wanted.setdefault(one.checkpoint.size, []).append(one)
        self.chain = Chain()
        self.segment: Segment | None = None  # in which it is, or ended
        self.start = 0  # number of its first entry
        self.n_torn = 0
        self._signed = 0  # entries under a checkpoint that was compared

    def fault(self) -> Fault | None:
        """Return the first fault; None if there is none."""
        previous: tuple[str | None, int] = (None, 0)
        for segment in self._segments:
            text = read_segment(self._folder, segment)
            is_last = segment == self._segments[-1]
            if is_last and not text.lines:  # a crash came before its first entry was complete
                self.n_torn = len(text.torn)
                return self._gap()
            self.segment, self.start = segment, self.chain.tree.size
            fault = self._open(segment, text, previous) or self._lines(text.lines)
            if fault is not None:
                return fault
            if text.torn and not is_last:
                return Fault(self.chain.tree.size, "the segment ends within an entry")
            self.n_torn = len(text.torn)
            previous = (segment.name, text.n_bytes)
        return self._gap()

    def _gap(self) -> Fault | None:
        return Fault(0, "a segment is missing") if has_gap(self._segments) else None

    def _open(self, segment: Segment, text: SegmentText, previous: tuple[str | None, int]) -> Fault | None:
        """Check that a segment begins as the writer began it."""
        opening = read_opening(text.lines[0]) if text.lines else None
        expected = opening_data(segment.name, *previous, self.chain.tree)
        if opening is None or opening.data != expected or chain_at(text.lines[0]) is None:
            return Fault(self.chain.tree.size, f"{segment.name} does not continue the segment before it")
        return None

    def _lines(self, lines: list[bytes]) -> Fault | None:
        """Verify the lines of a segment, and the checkpoints on the way."""
        start, end = self.start, self.start + len(lines)
        stops = sorted(size for size in self._wanted if start < size <= end)
        for stop in [*stops, end]:
            done = self.chain.tree.size - start
            fault = self.chain.extend(lines[done : stop - start])
            if isinstance(fault, Fault):
                return fault
            if wrong := self._wrong_checkpoint(stop):
                return wrong
        return None

    def _wrong_checkpoint(self, size: int) -> Fault | None:
        root = self.chain.tree.root() if size in self._wanted else b""
        for one in self._wanted.get(size, ()):
            if one.checkpoint.root != root:
                reason = f"entries {self._signed} to {size - 1} are not those of the checkpoint {one.place}"
                return Fault(self._signed, reason)
            self._signed = size
        return None


def _verified(signed: SignedCheckpoint, key: VerifierKey, place: str) -> Checkpoint:
    try:
        return read_signed_checkpoint(signed.note.encode(), key, key.name).checkpoint
    except NoteError as error:
        raise DamagedLogError(f"The checkpoint {place} is wrong ({error})") from None


def read_given(path: Path, key: VerifierKey) -> list[KnownCheckpoint]:
    """Read checkpoints that somebody kept: a signed note, or a file of checkpoints.

    Args:
        path: The file.
        key: Verifier key of the log.

    Raises:
        ConfigError: it cannot be read, or is not a checkpoint of this log.
    """
    try:
        with open_input(path) as file:
            content = file.read(_MAX_GIVEN_BYTES)
        if not content.startswith(b'"'):
            return [KnownCheckpoint(read_signed_checkpoint(content, key, key.name).checkpoint, str(path))]
        lines = enumerate(content.split(b"\n")[:-1], start=1)
        signed = [read_checkpoint_line(path, line, number) for number, line in lines]
        return [KnownCheckpoint(_verified(one, key, str(path)), f"{path}:{n}") for n, one in enumerate(signed, start=1)]
    except (NoteError, DamagedLogError) as error:
        raise ConfigError(
            f"{path} is not a checkpoint of this log ({error})", action="Check --vkey and the file"
        ) from None
    except (OSError, ValueError) as error:
        raise cannot_read(str(path), error) from None


def known_of_topic(found: Iterable[tuple[SignedCheckpoint, str]], key: VerifierKey) -> list[KnownCheckpoint]:
    """Return the checkpoints of the topic that are signed by the log; others may write to the topic, and cannot sign.

    Args:
        found: The checkpoints, each with its place.
        key: Verifier key of the log.
    """
    known = []
    for signed, place in found:
        with suppress(DamagedLogError):
            known.append(KnownCheckpoint(_verified(signed, key, place), place))
    return known
