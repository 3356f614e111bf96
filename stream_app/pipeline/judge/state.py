"""The judge's state as entries of its changelog topic: one for each pane, window and source, written when changed.

Keys read ``model|kind|...|piece``. A value too large for one record is cut in pieces; pieces of one value are written
in one transaction, so they always fit together.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stream_app.core.windows.tally_changes import StateKey
from stream_app.pipeline.records.journal import SourcePolicy

MAX_PIECE_BYTES = 400_000  # far below the broker's limit of 1 MiB for a record, with room for others in its batch
NEW_APP_ID = "Operator action: set a new app_id (FAIRSTREAM_APP_ID) to count again from the raw topics"

JOURNAL: StateKey = ("journal",)
POLICY: StateKey = ("policy",)
MONITOR: StateKey = ("monitor",)
SCORES: StateKey = ("scores",)
PROXIES: StateKey = ("proxies",)
PUBLICATION: StateKey = ("publication",)
RELEASE = "release"  # the kind of an entry of the release gate
RELEASE_BY = "release_by_"  # begins the kind of one about parts of outcomes
RELEASED_OUTCOMES: StateKey = ("released_outcomes",)
DOUBTED = "doubted"  # the kind of an entry of a report that is not believed yet
TESTS = (MONITOR, SCORES, PROXIES)  # what the tests know

Changes = list[tuple[bytes, bytes | None]]
StoredEntries = Mapping[StateKey, list[bytes]]  # entries of one model, each with its pieces in order

_KEY_PARTS: dict[str, tuple[type[str | int], ...]] = {  # what the key of each kind of entry names
    "clock": (),
    "source": (str, int),
    "pane": (str, int, int),
    "window": (str, int),
    "total": (),
    "period": (int,),
    "tested": (int,),
    "part": (str, int, int),
    "doubted": (str, int, int),
    "journal": (),
    "policy": (),
    "monitor": (),
    "scores": (),
    "proxies": (),
    "release": (str, int),
    "release_by_decision": (str, int),
    "release_by_outcome": (str, int),
    "release_by_score": (str, int),
    "released_outcomes": (),
    "checkpoint": (),
    "breach": (str,),
    "publication": (),
}


class StoredPolicy(msgspec.Struct, array_like=True, frozen=True):
    """Under which policies a model is counted and judged.

    Attributes:
        policy_hash: Hash of the policy under which the state was written.
        sources: Source partitions that are counted under another policy since the last entry of the journal.
    """

    policy_hash: str
    sources: tuple[SourcePolicy, ...] = ()


class StateWriter:
    """Turns changed entries of one model into records of the changelog topic.

    Args:
        model: Name of the model.
        stored: The entries that the changelog topic has already, with their pieces.
    """

    def __init__(self, model: str, stored: StoredEntries) -> None:
        self._model = model
        self._n_pieces = {entry: len(pieces) for entry, pieces in stored.items() if len(pieces) > 1}

    def encode(self, entry: StateKey, data: bytes | None) -> Changes:
        """Cut one value in as many pieces as it needs, and remove pieces that it no longer needs."""
        data = data or b""
        pieces = [data[first : first + MAX_PIECE_BYTES] for first in range(0, len(data), MAX_PIECE_BYTES)]
        n_before = self._n_pieces.pop(entry, 1)
        if len(pieces) > 1:
            self._n_pieces[entry] = len(pieces)
        surplus: list[bytes | None] = [None] * (n_before - len(pieces))
        return [(self._key(entry, number), piece) for number, piece in enumerate([*pieces, *surplus])]

    def _key(self, entry: StateKey, piece: int) -> bytes:
        return "|".join((self._model, *map(str, entry), str(piece))).encode()


def entries_by_model(entries: Mapping[bytes, bytes]) -> dict[str, dict[StateKey, list[bytes]]]:
    """Sort records of the changelog topic by model and entry, with the pieces of each in order.

    Records that are not the judge's (the engine keeps its own there) are left out.
    """
    models: dict[str, dict[StateKey, list[tuple[int, bytes]]]] = {}
    for key, data in entries.items():
        model, kind, *rest = [*key.decode().split("|"), ""]
        if kind in _KEY_PARTS:
            *names, piece, _ = rest
            entry: StateKey = (kind, *(cast(name) for cast, name in zip(_KEY_PARTS[kind], names, strict=True)))
            models.setdefault(model, {}).setdefault(entry, []).append((int(piece), data))
    return {
        model: {entry: [data for _, data in sorted(pieces)] for entry, pieces in stored.items()}
        for model, stored in models.items()
    }


def stored_bytes(stored: StoredEntries, entry: StateKey) -> bytes | None:
    """Return one entry of a state, its pieces joined; None where it is missing."""
    return b"".join(stored[entry]) if entry in stored else None
