"""Compares passwords with bcrypt hashes: slowly for one that is new, at once for one that was right before."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from threading import Lock

from stream_app.errors import DependencyMissingError, install_command

# Of no password; an unknown user takes as long as a known one, so that the time does not tell which there are.
_NOBODY = b"$2b$10$YEfAEgyspjU3KhyMOxkEg.KHkxs6ZMIyXV8VNCUCc8BoBqCDYMpCm"
_MAX_REMEMBERED = 100


class Passwords:
    """Knows the users of a web configuration.

    Args:
        users: Hash of the password of each user.

    Raises:
        DependencyMissingError: the extra ``web`` is not installed.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        try:
            import bcrypt  # noqa: PLC0415  # of the extra
        except ImportError:
            raise DependencyMissingError(
                "Passwords need bcrypt", action=f"Run: {install_command('web-config')}"
            ) from None
        self._check = bcrypt.checkpw
        self._users = {user: text.encode() for user, text in users.items()}
        self._lock = Lock()
        self._key = secrets.token_bytes(32)
        self._right: set[bytes] = set()

    def are_right(self, user: str, password: bytes) -> bool:
        """Return whether this is the password of a user. One is compared at a time: guesses take no other core."""
        name = user.encode()
        digest = hmac.digest(self._key, len(name).to_bytes(4, "big") + name + password, hashlib.sha256)
        with self._lock:
            if digest in self._right:
                return True
            known = self._users.get(user)
            if not self._is_equal(password, known or _NOBODY) or known is None:
                return False
            if len(self._right) >= _MAX_REMEMBERED:
                self._right.clear()
            self._right.add(digest)
            return True

    def _is_equal(self, password: bytes, password_hash: bytes) -> bool:
        try:
            return bool(self._check(password, password_hash))
        except ValueError:  # longer than 72 bytes, or with a NUL: no such password has a hash
            return False
