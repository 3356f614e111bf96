"""What the release gate remembers, as entries of the judge's state: one for each window that hides or awaits anything.

A model whose windows hide nothing has entries of its running totals alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from stream_app.core.releases.computed import ComputedTotals, Counts, Known
from stream_app.core.releases.crossed import InnerTables, Leaf
from stream_app.core.releases.hidden_system import Past
from stream_app.core.releases.nested import HiddenParts
from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import StateKey, WindowKey
from stream_app.errors import StateError
from stream_app.pipeline.judge.state import NEW_APP_ID, RELEASE, StoredEntries
from stream_app.pipeline.records.results import FormerRelease

Labels = tuple[str, ...]
PART = "\x1f"  # between a group and the part of it that is counted


class StoredParts(msgspec.Struct, array_like=True, frozen=True):
    """What the smallest windows hide of one table, see ``HiddenParts``; of what was summed up see ``Past``."""

    attribute: str
    sums: list[tuple[int, list[tuple[Labels, int]]]]
    releases: list[tuple[int, int, list[Labels]]]
    is_full: bool
    people: list[tuple[Labels, int]] = []
    known: list[list[Labels]] = []
    guarded: list[Labels] = []
    beside: list[tuple[Labels, int]] = []

    def past(self) -> Past:
        """Return what was summed up."""
        known = tuple(map(frozenset, self.known))
        return Past(dict(self.people), known, frozenset(self.guarded), dict(self.beside))


class StoredTotals(msgspec.Struct, array_like=True, frozen=True):
    """The running totals that readers can compute, see ``ComputedTotals``.

    Attributes:
        known: Table and moment, decisions and favorable ones by group, and the groups that are not known.
        complete: Table, decisions and favorable ones by group, of the windows without a hidden group together.
    """

    begin_s: int | None = None
    until_s: int | None = None
    looked_s: int | None = None
    known: list[tuple[str, int, list[tuple[Labels, Counts]], list[Labels]]] = []
    complete: list[tuple[str, list[tuple[Labels, Counts]]]] = []


class Cut(msgspec.Struct, array_like=True, frozen=True):
    """What an alert counted in an open window: people of each group of a table up to a time, two of which it shows."""

    attribute: str
    end_s: int
    people: list[tuple[Labels, int]]
    shown: list[Labels]


class StoredRuns(msgspec.Struct, array_like=True, frozen=True):
    """How far back the smallest windows show each group, see ``ShownRuns``."""

    begin_s: int | None = None
    hidden_s: list[tuple[str, str, int]] = []


@dataclass(slots=True)
class ShownRuns:
    """How far back the smallest windows show each group, without a gap.

    Attributes:
        begin_s: Start of the time in which they show what was tested; None before the first.
        hidden_s: End of the newest one that hides a group, by attribute and group.
    """

    begin_s: int | None = None
    hidden_s: dict[tuple[str, str], int] = field(default_factory=dict)


class StoredLeaf(msgspec.Struct, array_like=True, frozen=True):
    """Windows inside a larger one that leave cells open in the same way, see ``Leaf``."""

    around: list[int]
    shown: list[tuple[str, Labels]]
    people: list[tuple[Labels, int]]


class StoredRelease(msgspec.Struct, array_like=True, frozen=True):
    """What the gate remembers of one window, or of the running totals.

    Attributes:
        hidden: Groups that were hidden when it closed, by attribute.
        cells: Corrections that were not released yet, by code.
        parts: What the smaller windows inside it hide.
        former: Of running totals the last release, by attribute.
        blocks: What versions before 0.5 noted instead of ``leaves``.
        totals: The running totals that readers can compute.
        runs: Of running totals how far back the smallest windows show each group.
        cuts: What alerts counted in the window while it is open.
        barriers: Of running totals the moments up to which a group must not be counted, see ``Barriers``.
        left_out: Of running totals what the smallest windows with a hidden group count, and all corrections, by code.
        leaves: What the windows inside it leave open, see ``InnerTables``.
        releases: What the larger ones of these showed.
    """

    hidden: dict[str, list[Labels]] = {}
    cells: Cells = {}
    parts: list[StoredParts] = []
    former: dict[str, FormerRelease] = {}
    blocks: list[tuple[list[tuple[str, Labels]], list[tuple[Labels, int]]]] = []
    totals: StoredTotals = StoredTotals()
    runs: StoredRuns = StoredRuns()
    cuts: list[Cut] = []
    barriers: list[tuple[int, str, list[Labels]]] = []
    left_out: Cells = {}
    leaves: list[StoredLeaf] = []
    releases: list[list[tuple[str, Labels]]] = []


def stored_parts(name: str, parts: HiddenParts) -> StoredParts:
    """Return what the smallest windows hide of one table, as it is stored."""
    return StoredParts(
        name,
        [(start_s, sorted(people.items())) for (start_s, _), people in parts.sums.items()],
        [(start_s, end_s, sorted(cells)) for start_s, end_s, cells in parts.releases],
        parts.is_full,
        sorted(parts.past.people.items()),
        sorted(map(sorted, parts.past.known)),
        sorted(parts.past.guarded),
        sorted(parts.past.beside.items()),
    )


class WindowMemory:
    """What the gate remembers of one window, or of the running totals, to be changed; attributes as stored.

    Args:
        stored: What ``stored`` returned before a restart.
    """

    def __init__(self, stored: StoredRelease | None = None) -> None:
        stored = StoredRelease() if stored is None else stored
        self.hidden: dict[str, set[Labels]] = {name: set(groups) for name, groups in stored.hidden.items()}
        self.pending: Cells = stored.cells
        self.left_out: Cells = stored.left_out
        self.former: dict[str, FormerRelease] = stored.former
        self.inner = InnerTables(
            [(_leaf_of(leaf), dict(leaf.people)) for leaf in (*stored.leaves, *_leaves_of(stored.blocks))],
            map(frozenset, stored.releases),
        )
        self.parts: dict[str, HiddenParts] = {
            parts.attribute: HiddenParts(
                [(start_s, dict(people)) for start_s, people in parts.sums],
                parts.releases,
                is_full=parts.is_full,
                past=parts.past(),
            )
            for parts in stored.parts
        }
        totals = stored.totals
        complete = {name: dict(counts) for name, counts in totals.complete}
        self.totals = ComputedTotals(totals.begin_s, totals.until_s, totals.looked_s, complete=complete)
        for name, moment_s, counts, unknown in totals.known:
            self.totals.known.setdefault(name, {})[moment_s] = Known(dict(counts), set(unknown))
        hidden_s = {(name, group): end_s for name, group, end_s in stored.runs.hidden_s}
        self.runs, self.cuts = ShownRuns(stored.runs.begin_s, hidden_s), list(stored.cuts)
        self.barriers: dict[tuple[int, str], set[Labels]] = {
            (at_s, name): set(groups) for at_s, name, groups in stored.barriers
        }

    def stored(self) -> StoredRelease | None:
        """Return what a restart needs; None if that is nothing."""
        parts = [stored_parts(name, parts) for name, parts in sorted(self.parts.items()) if not parts.is_empty]
        hidden = {name: sorted(groups) for name, groups in sorted(self.hidden.items()) if groups}
        leaves = [
            StoredLeaf(sorted(leaf.around), sorted(leaf.shown), sorted(people.items()))
            for leaf, people in self.inner.leaves.items()
        ]
        if self.is_empty:
            return None
        runs = StoredRuns(self.runs.begin_s, [(*key, end_s) for key, end_s in sorted(self.runs.hidden_s.items())])
        barriers = [(*key, sorted(groups)) for key, groups in sorted(self.barriers.items())]
        return StoredRelease(
            hidden=hidden,
            cells=dict(sorted(self.pending.items())),
            parts=parts,
            former=self.former,
            totals=self._stored_totals(),
            runs=runs,
            cuts=self.cuts,
            barriers=barriers,
            left_out=dict(sorted(self.left_out.items())),
            leaves=leaves,
            releases=list(map(sorted, self.inner.releases)) if leaves else [],
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is remembered."""
        is_any = any(self.hidden.values()) or any(not parts.is_empty for parts in self.parts.values())
        is_any |= self.totals.until_s is not None or self.runs.begin_s is not None
        return not (is_any or self.pending or self.former or self.inner.leaves or self.cuts or self.barriers)

    def _stored_totals(self) -> StoredTotals:
        known = [
            (name, moment_s, sorted(own.counts.items()), sorted(own.unknown))
            for name, moments in sorted(self.totals.known.items())
            for moment_s, own in sorted(moments.items())
        ]
        complete = [(name, sorted(counts.items())) for name, counts in sorted(self.totals.complete.items())]
        return StoredTotals(self.totals.begin_s, self.totals.until_s, self.totals.looked_s, known, complete)


def _leaf_of(leaf: StoredLeaf) -> Leaf:
    return Leaf(frozenset(leaf.around), frozenset(leaf.shown), frozenset(labels for labels, _ in leaf.people))


def _leaves_of(blocks: Iterable[tuple[list[tuple[str, Labels]], list[tuple[Labels, int]]]]) -> Iterator[StoredLeaf]:
    yield from (StoredLeaf([], shown, people) for shown, people in blocks)


class GateMemory:
    """What the gate remembers of all windows.

    Args:
        stored: The entries of a model in the changelog topic.
        kind: The kind of entries that it has.

    Raises:
        StateError: an entry cannot be read.
    """

    def __init__(self, stored: StoredEntries, kind: str = RELEASE) -> None:
        self._kind = kind
        try:
            self._windows = {
                (str(entry[1]), int(entry[2])): WindowMemory(
                    msgspec.msgpack.decode(b"".join(pieces), type=StoredRelease)
                )
                for entry, pieces in stored.items()
                if entry[0] == kind
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
        """Yield the windows of which anything is remembered: the same ones before and after a restart."""
        yield from sorted(key for key, memory in self._windows.items() if not memory.is_empty)

    def forget(self, keys: Iterable[WindowKey]) -> None:
        """Forget windows."""
        for key in keys:
            del self._windows[key]
            self._changed.add(key)

    def change_all(self) -> None:
        """Note that every entry was changed, as by a move to another policy."""
        self._changed.update(self._windows)

    def entries(self) -> list[tuple[StateKey, bytes]]:
        """Return every entry of the state."""
        return [(entry, data) for entry, data in map(self._entry, self) if data is not None]

    def take_changes(self) -> list[tuple[StateKey, bytes | None]]:
        """Return the entries that changed since the last call; None for one that is gone."""
        changed, self._changed = self._changed, set()
        entries = [self._entry(key) for key in sorted(changed)]
        for key in changed:
            if key in self._windows and self._windows[key].is_empty:
                del self._windows[key]
        return entries

    def _entry(self, key: WindowKey) -> tuple[StateKey, bytes | None]:
        stored = self._windows[key].stored() if key in self._windows else None
        return (self._kind, *key), None if stored is None else msgspec.msgpack.encode(stored)
