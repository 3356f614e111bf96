"""The writer of an audit log: one at a time, one ``fdatasync`` per batch, and nothing acknowledged before it.

Several processes may append to a log, one after the other: each batch is written under a lock, and a process that finds
that another one has written reads the end of the log again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint, sign_checkpoint
from stream_app.core.audit.entries import RECOVERY, NewEntry, reject_invalid
from stream_app.core.audit.notes import SigningKey
from stream_app.edges.audit.batch import ACTOR, Batch, Receipt
from stream_app.edges.audit.checkpoint_file import FILE_NAME, CheckpointFile
from stream_app.edges.audit.restoring import (
    LogState,
    TornBytes,
    restore,
    set_aside_torn,
    set_aside_unopened,
)
from stream_app.edges.audit.segments import MAX_BYTES, Segment
from stream_app.edges.files.locks import Turn, file_lock
from stream_app.edges.files.writing import make_folder
from stream_app.errors import ConfigError, WriteError

CHECKPOINT_ENTRIES = 256
CHECKPOINT_S = 10.0
LOCK_S = 10.0
_TURN = Turn("Another process is writing to the audit log", wait_s=LOCK_S)


class AuditLog:
    """An audit log, open for appending.

    Args:
        folder: The log; created with mode 0700 when missing.
        key: Signing key of the log; its name is the origin.
        anchors: Files of checkpoints in other places; the log must not be shorter than the newest of each.
        now: The clock.

    Raises:
        ConfigError: the folder or a file of it is not of this user alone.
    """

    def __init__(
        self,
        folder: Path,
        key: SigningKey,
        *,
        anchors: Sequence[CheckpointFile] = (),
        now: Callable[[], float] = time.time,
        max_segment_bytes: int = MAX_BYTES,
    ) -> None:
        self.folder = make_folder(folder)
        status = folder.stat()
        if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise ConfigError(f"{folder} must be a folder that only its owner can access", action=f"chmod 700 {folder}")
        self._key, self._now, self._max_bytes = key, now, max_segment_bytes
        self._checkpoints = CheckpointFile(folder / FILE_NAME)
        self._anchors = anchors
        self._state: LogState | None = None
        self._newest: SignedCheckpoint | None = None
        self._checked_at_s = now()
        self._is_failed = False
        self._recovered: list[TornBytes] = []

    def append(self, entries: Sequence[NewEntry]) -> list[Receipt | None]:
        """Append entries in one batch and wait until they are on the disk.

        Args:
            entries: What happened, in order.

        Returns:
            Number and hash of each; None for an entry about a record that has one already.

        Raises:
            EntryError: one of them is invalid; nothing is written.
            WriteError: the disk is full or broken; nothing is acknowledged, and after a broken disk the log accepts
                nothing until the process is started again.
            ConfigError: another process writes for longer than ``LOCK_S``.
            DamagedLogError: the log is not what was written.
            CutLogError: the log is shorter than its newest checkpoint.
        """
        for entry in entries:
            reject_invalid(entry)
        with self._turn() as state:
            batch = Batch(self.folder, state, self._at())
            self._open_segment_if_due(batch)
            while self._recovered:
                batch.add(_recovery(self._recovered.pop()))
            receipts = [batch.add_once(entry) for entry in entries]
            self._commit(batch)
            if self._is_checkpoint_due():
                self._sign()
            return receipts

    def checkpoint(self) -> SignedCheckpoint | None:
        """Sign a checkpoint of all entries unless there is one; return the newest, None for an empty log.

        Raises:
            WriteError: it cannot be written.
            DamagedLogError: the log is not what was written.
            CutLogError: the log is shorter than its newest checkpoint.
        """
        with self._turn():
            if self._unsigned():
                self._sign()
            return self._newest

    def checkpoint_if_due(self) -> SignedCheckpoint | None:
        """Sign a checkpoint if ``CHECKPOINT_S`` have passed since the last and there are new entries."""
        with self._turn():
            if self._is_checkpoint_due():
                self._sign()
            return self._newest

    def positions(self) -> dict[str, int]:
        """Return for each source log the highest offset about which there is an entry."""
        with self._turn() as state:
            return dict(state.positions)

    @contextmanager
    def _turn(self) -> Iterator[LogState]:
        """Be the only writer for the block, and know where the log ends."""
        if self._is_failed:
            raise WriteError("The audit log could not be written", action="Check the disk, and start the process again")
        with file_lock(self.folder / "lock", _TURN):
            if self._state is None or self._was_changed(self._state):
                self._restore()
            assert self._state is not None  # restored
            yield self._state

    def _was_changed(self, state: LogState) -> bool:
        if state.segment is None:
            return any(self.folder.glob("date=*"))
        following = Segment(state.segment.number + 1, "*").name
        path = self.folder / state.segment.name
        return not path.exists() or path.stat().st_size != state.n_bytes or any(self.folder.glob(following))

    def _restore(self) -> None:
        newest = self._checkpoints.newest()
        known = [newest, *(anchor.newest() for anchor in self._anchors)]
        of_log = [signed for signed in known if signed is not None and signed.checkpoint.origin == self._key.name]
        top = max(of_log, key=lambda signed: signed.checkpoint.size, default=None)
        self._newest = newest
        moment = self._at().replace(":", "").replace(".", "")
        if unopened := set_aside_unopened(self.folder, moment):
            self._recovered.append(unopened)
        self._state = restore(self.folder, top.checkpoint if top else None)
        if self._state.torn:
            self._recovered.append(set_aside_torn(self.folder, self._state, moment))

    def _open_segment_if_due(self, batch: Batch) -> None:
        state, today = batch.state, self._at()[:10]
        if state.segment and today <= state.segment.date and state.n_bytes < self._max_bytes:
            return
        if self._unsigned():  # a segment begins at a checkpoint
            self._sign()
        batch.open_segment(max(today, state.segment.date) if state.segment else today)

    def _commit(self, batch: Batch) -> None:
        try:
            batch.write()
        except WriteError:
            self._state = None
            self._is_failed = batch.is_disk_broken
            raise
        except BaseException:  # interrupted: what is on the disk is read again
            self._state = None
            raise

    def _unsigned(self) -> int:
        """Return the number of entries after the newest checkpoint."""
        assert self._state is not None  # in a turn
        return self._state.chain.tree.size - (self._newest.checkpoint.size if self._newest else 0)

    def _is_checkpoint_due(self) -> bool:
        n = self._unsigned()
        return n >= CHECKPOINT_ENTRIES or (n > 0 and self._now() - self._checked_at_s >= CHECKPOINT_S)

    def _sign(self) -> None:
        assert self._state is not None  # in a turn
        tree = self._state.chain.tree
        signed = sign_checkpoint(Checkpoint(self._key.name, tree.size, tree.root()), self._key)
        self._checkpoints.append(signed)
        self._newest, self._checked_at_s = signed, self._now()

    def _at(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _recovery(torn: TornBytes) -> NewEntry:
    digest = sha256(torn.content).hexdigest()
    data = {"n_bytes": len(torn.content), "sha256": digest, "file": torn.file}
    return NewEntry(type=RECOVERY, actor=ACTOR, data=data)
