"""What the release gate remembers, as entries of the judge's state: one for each window that hides or awaits anything.

A model whose windows hide nothing has entries of its running totals alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from stream_app.core.releases.nested import HiddenParts
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import StateKey, WindowKey
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID, RELEASE, StoredEntries
from stream_app.pipeline.records.results import FormerRelease

Labels = tuple[str, ...]


class StoredParts(msgspec.Struct, array_like=True, frozen=True):
    """What the smallest windows hide of one table, see ``HiddenParts``."""

    attribute: str
    sums: list[tuple[int, list[tuple[Labels, int]]]]
    releases: list[tuple[int, int, list[Labels]]]
    is_full: bool


class StoredRelease(msgspec.Struct, array_like=True, frozen=True):
    """What the gate remembers of one window, or of the running totals.

    Attributes:
        hidden: Groups that were hidden when it closed, by attribute.
        cells: Corrections that were not released yet, by code.
        parts: What the smaller windows inside it hide.
        former: Of running totals the last release, by attribute.
    """

    hidden: dict[str, list[Labels]] = {}
    cells: Cells = {}
    parts: list[StoredParts] = []
    former: dict[str, FormerRelease] = {}


class WindowMemory:
    """What the gate remembers of one window, or of the running totals, to be changed; attributes as stored.

    Args:
        stored: What ``stored`` returned before a restart.
    """

    def __init__(self, stored: StoredRelease | None = None) -> None:
        stored = StoredRelease() if stored is None else stored
        self.hidden: dict[str, set[Labels]] = {name: set(groups) for name, groups in stored.hidden.items()}
        self.pending: Cells = stored.cells
        self.former: dict[str, FormerRelease] = stored.former
        self.parts: dict[str, HiddenParts] = {
            parts.attribute: HiddenParts(
                [(start_s, dict(people)) for start_s, people in parts.sums], parts.releases, is_full=parts.is_full
            )
            for parts in stored.parts
        }

    def stored(self) -> StoredRelease | None:
        """Return what a restart needs; None if that is nothing."""
        parts = [
            StoredParts(
                attribute,
                [(start_s, sorted(people.items())) for (start_s, _), people in parts.sums.items()],
                [(start_s, end_s, sorted(cells)) for start_s, end_s, cells in parts.releases],
                parts.is_full,
            )
            for attribute, parts in sorted(self.parts.items())
            if parts.sums
        ]
        hidden = {name: sorted(groups) for name, groups in sorted(self.hidden.items()) if groups}
        stored = StoredRelease(hidden, self.pending, parts, self.former)
        return stored if hidden or self.pending or parts or self.former else None


class GateMemory:
    """What the gate remembers of all windows.

    Args:
        stored: The entries of a model in the changelog topic.

    Raises:
        StateError: an entry cannot be read.
    """

    def __init__(self, stored: StoredEntries) -> None:
        try:
            self._windows = {
                (str(entry[1]), int(entry[2])): WindowMemory(
                    msgspec.msgpack.decode(b"".join(pieces), type=StoredRelease)
                )
                for entry, pieces in stored.items()
                if entry[0] == RELEASE
            }
        except (msgspec.MsgspecError, ValueError):
            raise StateError("What was released cannot be read", action=NEW_APP_ID) from None
        self._changed: set[WindowKey] = set()

    def of(self, key: WindowKey) -> WindowMemory:
        """Return what is remembered of a window, to be changed."""
        self._changed.add(key)
        return self._windows.setdefault(key, WindowMemory())

    def find(self, key: WindowKey) -> WindowMemory:
        """Return what is remembered of a window, not to be changed."""
        return self._windows.get(key) or WindowMemory()

    def __iter__(self) -> Iterator[WindowKey]:
        """Yield the windows of which anything is remembered."""
        yield from sorted(self._windows)

    def forget(self, keys: Iterable[WindowKey]) -> None:
        """Forget windows."""
        for key in keys:
            del self._windows[key]
            self._changed.add(key)

    def entries(self) -> list[tuple[StateKey, bytes]]:
        """Return every entry of the state."""
        return [(entry, data) for entry, data in map(self._entry, self) if data is not None]

    def take_changes(self) -> list[tuple[StateKey, bytes | None]]:
        """Return the entries that changed since the last call; None for one that is gone."""
        changed, self._changed = self._changed, set()
        return [self._entry(key) for key in sorted(changed)]

    def _entry(self, key: WindowKey) -> tuple[StateKey, bytes | None]:
        stored = self._windows[key].stored() if key in self._windows else None
        return (RELEASE, *key), None if stored is None else msgspec.msgpack.encode(stored)
