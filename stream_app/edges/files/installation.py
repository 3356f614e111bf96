"""What FairStream keeps in a state folder, and how it is deleted. What somebody else put there is never touched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from stream_app.edges.files.fernet_key import FILE_NAME as FERNET_KEY
from stream_app.edges.files.key_file import key_file_path
from stream_app.edges.files.run_folder import FOLDER as RUNS
from stream_app.edges.files.writing import write_errors
from stream_app.edges.keys.sealing_file import SealingFile
from stream_app.edges.keys.suppression_file import SuppressionFile

FileKind = Literal["keys", "audit", "budget", "web", "run", "demo", "broker data"]
BUDGET_FILE = "epsilon-budget.jsonl"
RELEASES_FILE = "releases.jsonl"
WEB_REPLAYS = "web-replays"  # logs of replays that run, or that ended unexpectedly
_DEMOS = "demo-*"
_FORMER_AUDIT_FILE = "audit.jsonl"  # of versions before 0.4.0
_WEB = ("web.sqlite3", "web.sqlite3-shm", "web.sqlite3-wal", "web-secret-key", WEB_REPLAYS)
_AUDIT_LOG = ("audit", "decisions", "keys/audit-signing-key", "witness", "keys/witness-signing-key")


class OwnedPath(NamedTuple):
    """A file or folder of FairStream.

    Attributes:
        path: Where it is.
        kind: ``keys`` is a file of keys or of suppressed pseudonyms, ``audit`` the audit log and that of exports before
            0.4.0, stored decisions, and what a witness remembers, with the signing keys, ``budget`` what releases have
            cost, ``web`` the database of the web application, the key of its sessions and the logs of its replays,
            ``run`` a saved replay, ``demo`` a demo that was kept, ``broker data`` the local Kafka with its raw topics.
    """

    path: Path
    kind: FileKind


def broker_folder(state_dir: Path) -> Path:
    """Return the folder of the local Kafka in a state folder."""
    return state_dir / "kafka"


def owned_paths(state_dir: Path) -> Iterator[OwnedPath]:
    """Yield what of FairStream is in a state folder; nothing where there is no folder."""
    key_files = [key_file_path(state_dir), SealingFile(state_dir).path, SuppressionFile(state_dir).path]
    candidates: list[tuple[Path, FileKind]] = [(path, "keys") for path in [*key_files, state_dir / FERNET_KEY]]
    candidates.append((state_dir / _FORMER_AUDIT_FILE, "audit"))
    candidates += [(state_dir / name, "audit") for name in _AUDIT_LOG]
    candidates += [(state_dir / name, "budget") for name in (BUDGET_FILE, RELEASES_FILE)]
    candidates += [(state_dir / name, "web") for name in _WEB]
    candidates += [(path, "run") for path in sorted((state_dir / RUNS).glob("*"))]
    candidates += [(path, "demo") for path in sorted(state_dir.glob(_DEMOS)) if path.is_dir()]
    candidates.append((broker_folder(state_dir), "broker data"))
    yield from (OwnedPath(path, kind) for path, kind in candidates if path.exists() or path.is_symlink())


def delete_path(path: Path, state_dir: Path) -> None:
    """Delete a file, a link or a folder, and the folder between it and the state folder if it is empty then.

    Raises:
        WriteError: it cannot be deleted.
    """
    with write_errors(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if path.parent != state_dir and not any(path.parent.iterdir()):
        with write_errors(path.parent):
            path.parent.rmdir()
