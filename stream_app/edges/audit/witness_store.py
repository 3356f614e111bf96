"""What a witness remembers: of each log the last checkpoint that it has cosigned, on the disk before it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.core.audit.checkpoints import Checkpoint, read_signed_checkpoint
from stream_app.core.audit.notes import Note, NoteError, VerifierKey
from stream_app.edges.files.locks import Turn, file_lock
from stream_app.edges.files.reading import read_guarded
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.errors import StateError

LOCK_S = 10.0
_TURN = Turn("Another witness answers from this folder", wait_s=LOCK_S)


class WitnessStore:
    """The memory of a witness: one file for each log, which is the cosigned checkpoint itself.

    Args:
        folder: Where the files are; created with mode 0700 when missing.
        key: Verifier key of the witness: what it did not cosign is not its memory.
    """

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        self._folder, self._key = make_folder(folder), key

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let no other request, nor another process, compare or store for the block.

        Between both the last checkpoint must not change.

        Raises:
            ConfigError: another process answers for longer than ``LOCK_S``.
            WriteError: the lock cannot be taken.
        """
        with file_lock(self._folder / "lock", _TURN):
            yield

    def last(self, origin: str) -> Checkpoint | None:
        """Return the last checkpoint of a log that was cosigned; None before the first.

        Raises:
            StateError: the file was changed.
            ConfigError: it cannot be read.
        """
        path = self._path(origin)
        if not path.exists():
            return None
        try:
            return read_signed_checkpoint(read_guarded(path), self._key, origin).checkpoint
        except NoteError as error:
            raise StateError(f"{path} is damaged ({error})", action="Restore it from its backup") from None

    def store(self, origin: str, note: Note) -> None:
        """Store a cosigned checkpoint and wait until it is on the disk.

        Raises:
            WriteError: it cannot be written.
        """
        write_file(self._path(origin), note.encode(), is_private=True)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"
