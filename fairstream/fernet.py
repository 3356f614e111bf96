"""The four security functions of the FairLens specification, under their original names.

For programs that call them. FairStream itself seals alerts to the public keys of auditors (``docs/how-to/
sealed-alerts.md``): with Fernet, everybody who can read an alert can also write one, and a token does not say which
alert it belongs to. So put the id of an alert into its text, and compare it after decrypting.

Needs ``cryptography``; ``anonymize_data`` takes a pandas DataFrame.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

from cryptography.fernet import Fernet, InvalidToken

from stream_app.core.privacy.pseudonym import TAG_BYTES, derive_key, keyed_hash
from stream_app.edges.files.fernet_key import init_key

__all__ = ["AlertDecryptionError", "UnkeyedHashWarning", "anonymize_data", "decrypt_alert", "encrypt_alert", "init_key"]


class AlertDecryptionError(ValueError):
    """A token cannot be decrypted: another key, or it was changed. Which of the two is not said."""


class UnkeyedHashWarning(UserWarning):
    """An unkeyed hash of an identifier is requested, which anybody can invert by trying all identifiers."""


def encrypt_alert(alert: str, key: bytes) -> str:
    """Return the Fernet token of an alert text.

    >>> key = b"A" * 43 + b"="
    >>> decrypt_alert(encrypt_alert("DIR = 0.64", key), key)
    'DIR = 0.64'
    """
    return Fernet(key).encrypt(alert.encode()).decode()


def decrypt_alert(token: str, key: bytes) -> str:
    """Return the text of a token.

    Raises:
        AlertDecryptionError: it was made with another key, or was changed.
    """
    try:
        return Fernet(key).decrypt(token.encode()).decode()
    except (InvalidToken, ValueError):
        raise AlertDecryptionError(
            "The alert cannot be decrypted. Use the key with which it was encrypted, and the complete token"
        ) from None


def anonymize_data(
    table: Any,
    key: bytes | None = None,
    *,
    columns: Sequence[str] = ("application_id",),
    method: Literal["keyed", "sha256"] = "keyed",
) -> Any:
    """Return a copy of a DataFrame in which the identifiers of some columns are replaced by hashes.

    Args:
        table: A pandas DataFrame; it stays as it is.
        key: What ``init_key`` returned; ``sha256`` needs none.
        columns: Columns with identifiers; values are compared as text, and a missing value stays missing.
        method: ``keyed`` is HMAC-SHA256, 32 hex digits. ``sha256`` is the unkeyed hash of the original specification,
            which warns: application numbers are found behind it in less than a second.

    Raises:
        ValueError: ``keyed`` without a key.
        KeyError: the table has no such column.
    """
    hashed: Callable[[object], str]
    if method == "sha256":
        warnings.warn("Anybody can find the identifiers behind unkeyed hashes", UnkeyedHashWarning, stacklevel=2)
        hashed = _sha256
    elif key is None:
        raise ValueError("anonymize_data needs the key that init_key returned")
    else:
        hashed = _keyed(key)
    copy = table.copy()
    for column in columns:
        copy[column] = [None if _is_missing(value) else hashed(value) for value in table[column]]
    return copy


def _sha256(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


def _keyed(key: bytes) -> Callable[[object], str]:
    digest = keyed_hash(derive_key(key, "fernet-anonymize"))
    return lambda value: digest(str(value).encode())[:TAG_BYTES].hex()


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only a missing number differs from itself
