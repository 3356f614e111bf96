"""Key files as tests write them, good and bad ones."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

SECRET = bytes(range(32))


def stored(*keys: dict[str, Any], **changes: Any) -> bytes:
    """Return the content of a key file."""
    return json.dumps({"schema": 1, "keys": keys} | changes).encode()


def key(kid: str = "abcdefgh", valid_from_s: int = 0, secret: bytes = SECRET, **more: Any) -> dict[str, Any]:
    """Return one key of it."""
    return {"kid": kid, "valid_from_s": valid_from_s, "secret": base64.b64encode(secret).decode()} | more


def put(path: Path, data: bytes, mode: int = 0o600) -> Path:
    """Write a file, with its folder, and return its path."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    return path
