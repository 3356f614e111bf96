"""The epochs of the pseudonym keys: ids, times, states and fingerprints, never a key."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from stream_app.core.privacy.epochs import key_epochs
from stream_app.edges.files.key_file import key_file_path, load_key_ring
from stream_app.settings import Settings
from stream_app.web_app.pages.page import utc_text

_DAY_S = 86_400


class KeyRow(NamedTuple):
    """One key, or what is left of it."""

    kid: str
    begin: str
    end: str
    state: str
    age: str
    fingerprint: str


def key_rows(settings: Settings) -> list[KeyRow] | None:
    """Return a row for each key, oldest epoch first; None where the state folder has no key file.

    Raises:
        FairStreamError: the file is damaged, or others can read it.
    """
    path = key_file_path(Path(settings.state_dir))
    if settings.key_source or not path.exists():
        return None
    ring, now_s = load_key_ring(path), int(time.time())
    gone = [
        KeyRow(key.kid, _begin(key.valid_from_s), "", "destroyed", _age(now_s, key.destroyed_s), key.fingerprint)
        for key in ring.destroyed
    ]
    epochs = [
        KeyRow(
            epoch.key.kid,
            _begin(epoch.key.valid_from_s),
            "" if epoch.until_s is None else utc_text(epoch.until_s),
            epoch.state,
            _age(now_s, epoch.key.created_s),
            epoch.key.fingerprint(),
        )
        for epoch in key_epochs(ring.keys, now_s)
    ]
    return gone + epochs


def _begin(time_s: int) -> str:
    return utc_text(time_s) if time_s else "the beginning"


def _age(now_s: int, since_s: int | None) -> str:
    """Return an age in days.

    >>> _age(3 * 86_400 + 5, 86_400), _age(10, None)
    ('2 days', 'not known')
    """
    return "not known" if not since_s else f"{max(0, now_s - since_s) // _DAY_S} days"
