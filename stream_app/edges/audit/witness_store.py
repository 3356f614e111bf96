"""What a witness remembers: of each log the last checkpoint that it has cosigned, on the disk before it answers."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.core.audit.checkpoints import Checkpoint, read_signed_checkpoint
from stream_app.core.audit.notes import Note, NoteError, VerifierKey
from stream_app.edges.audit.segments import read_private
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.errors import StateError


class WitnessStore:
    """The memory of a witness: one file for each log, which is the cosigned checkpoint itself.

    Args:
        folder: Where the files are; created with mode 0700 when missing.
        key: Verifier key of the witness: what it did not cosign is not its memory.
    """

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        self._folder, self._key = make_folder(folder), key
        self._lock = threading.Lock()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let no other request compare or store for the block: between both, the last checkpoint must not change."""
        with self._lock:
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
            return read_signed_checkpoint(read_private(path), self._key, origin).checkpoint
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
