"""Where the audit log of a state folder is, and how it is opened."""

from __future__ import annotations

from pathlib import Path

from stream_app.core.audit.checkpoints import SignedCheckpoint
from stream_app.core.audit.notes import COSIGNATURE, ED25519, VerifierKey
from stream_app.edges.audit.checkpoint_file import FILE_NAME as CHECKPOINTS
from stream_app.edges.audit.checkpoint_file import CheckpointFile
from stream_app.edges.audit.key_files import create_signing_key, load_signing_key, read_verifier_key
from stream_app.edges.audit.log import AuditLog
from stream_app.edges.audit.reading import VERIFIER_FILE
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.errors import ConfigError
from stream_app.settings import Settings

CREATE = "fairstream audit init"


def log_folder(settings: Settings) -> Path:
    """Return the folder of the log."""
    return Path(settings.state_dir) / "audit"


def signing_key_path(settings: Settings) -> Path:
    """Return the path of its signing key."""
    return Path(settings.state_dir) / "keys" / "audit-signing-key"


def default_origin(settings: Settings) -> str:
    """Return the name of the log if the operator gives none.

    >>> default_origin(Settings(app_id="loans"))
    'fairstream/loans/audit'
    """
    return f"fairstream/{settings.app_id}/audit"


def create_log(settings: Settings, origin: str) -> VerifierKey:
    """Create the signing key of the log, and write the verifier key into its folder.

    Raises:
        KeyFileError: there is a key.
        ConfigError: the name is invalid.
        WriteError: something cannot be written.
    """
    key = create_signing_key(signing_key_path(settings), origin, ED25519).verifier_key()
    make_folder(log_folder(settings))
    write_file(log_folder(settings) / VERIFIER_FILE, f"{key}\n", is_private=True)
    return key


def open_log(settings: Settings) -> AuditLog:
    """Open the log for appending.

    Raises:
        KeyFileError: there is no key, or it is unsafe.
        ConfigError: the folder is not of this user alone.
    """
    key = load_signing_key(signing_key_path(settings), ED25519, CREATE)
    anchor = anchor_file(settings, key.name)
    return AuditLog(log_folder(settings), key, anchors=[] if anchor is None else [anchor])


def verifier_key(settings: Settings, given: str | None) -> VerifierKey:
    """Return the verifier key of the log: the given one, or that in its folder.

    Raises:
        ConfigError: there is none, or it is malformed.
    """
    path = log_folder(settings) / VERIFIER_FILE
    if given is None and not path.exists():
        raise ConfigError(f"There is no audit log in {path.parent}", action=f"Create one with: {CREATE}")
    return read_verifier_key(given or str(path), ED25519, "--vkey" if given else str(path))


def witness_key(text: str, flag: str = "audit_witness_key") -> VerifierKey:
    """Read the verifier key of a witness.

    Raises:
        ConfigError: it is not one.
    """
    return read_verifier_key(text, COSIGNATURE, flag)


def cosigned_file(settings: Settings) -> CheckpointFile:
    """Return the file of the checkpoints that the witness has cosigned."""
    return CheckpointFile(log_folder(settings) / "cosigned.jsonl")


def checkpoint_file(settings: Settings) -> CheckpointFile:
    """Return the file of all checkpoints."""
    return CheckpointFile(log_folder(settings) / CHECKPOINTS)


def anchor_file(settings: Settings, origin: str) -> CheckpointFile | None:
    """Return the file of checkpoints in the second folder, one for each log; None without a second folder."""
    if settings.audit_anchor_dir is None:
        return None
    name = "".join(sign if sign.isalnum() or sign in "-._" else "_" for sign in origin)
    return CheckpointFile(Path(settings.audit_anchor_dir) / f"{name}.{CHECKPOINTS}")


def copy_to_folder(settings: Settings, signed: SignedCheckpoint) -> None:
    """Put a checkpoint into the second folder, if there is one.

    Raises:
        FairStreamError: it cannot be written.
    """
    file = anchor_file(settings, signed.checkpoint.origin)
    if file is None:
        return
    newest = file.newest()
    if newest is None or newest.checkpoint != signed.checkpoint:
        file.append(signed)
