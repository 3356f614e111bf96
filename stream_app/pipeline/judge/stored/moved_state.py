"""The judge's state under another policy: every count in the cells of the new policy, nothing else changed.

What the tests know is carried over by the tests themselves (``stream_app.pipeline.judge.monitors.stored_tests``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stream_app.core.windows.cells import CellMapping, Cells
from stream_app.core.windows.history import StoredSpan
from stream_app.core.windows.tally_changes import CLOCK, StateKey
from stream_app.pipeline.judge.state import JOURNAL, POLICY, RELEASE, RELEASE_BY, TESTS, StoredEntries, StoredPolicy
from stream_app.pipeline.judge.stored.moved_releases import moved_release
from stream_app.pipeline.judge.stored.stored_history import HISTORY
from stream_app.pipeline.judge.stored.stored_releases import StoredRelease
from stream_app.pipeline.judge.stored.stored_tally import (
    StoredTotal,
    StoredWindow,
    read_clock,
    read_entry,
    read_policy,
)
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.policy_change import counting_policy, layout_hash_of, mapping_between
from stream_app.policy import ModelPolicy

_CELLS = ("pane", "period")  # in the cells of panes
_WITH_CELLS: Mapping[str, type[Any]] = {"window": StoredWindow, "total": StoredTotal}


def stored_policy(book: PolicyBook, name: str, stored: StoredEntries) -> RegisteredPolicy:
    """Return the policy under which a state was written.

    Raises:
        UnknownPolicyError: it is not registered.
        StateError: the state cannot be read, or version 0.2 wrote it under a policy that is not registered.
    """
    layout_hash = read_clock(stored).layout_hash
    return counting_policy(book, name, read_policy(stored).policy_hash, layout_hash)


def move_entries(
    stored: StoredEntries, name: str, old: ModelPolicy, new: RegisteredPolicy, n_journal_entries: int
) -> dict[StateKey, list[bytes]]:
    """Return a state in the cells of another policy, without that of the tests.

    Args:
        stored: The state.
        name: Name of the model, or of its outcomes.
        old: The policy under which it was written.
        new: The policy under which it will be read.
        n_journal_entries: Entries of the journal so far.

    Raises:
        StateError: it cannot be read, or its counts have no place under the new policy.
    """
    of_outcomes = is_of_outcomes(name)
    by_pane, summed = (mapping_between(old, new.model, of_outcomes=of_outcomes, is_summed=is_) for is_ in (False, True))
    moved = {entry: list(pieces) for entry, pieces in stored.items() if entry not in TESTS}
    for entry in stored:
        mapping = by_pane if entry[0] in _CELLS else summed
        if mapping is not None and (data := _mapped(stored, entry, mapping)) is not None:
            moved[entry] = [data]
    clock = read_clock(stored)
    clock = msgspec.structs.replace(clock, layout_hash=layout_hash_of(new.model, name))
    moved[CLOCK] = [msgspec.msgpack.encode(clock)]
    moved[POLICY] = [msgspec.msgpack.encode(StoredPolicy(new.hash))]
    moved[JOURNAL] = [msgspec.msgpack.encode(n_journal_entries)]
    return moved


class PaneMapper:
    """Takes panes that were counted under any policy of a model over to the cells of one.

    Args:
        model: The policy whose cells they get.
        name: Name of the model, or of its outcomes.
    """

    def __init__(self, model: ModelPolicy, name: str) -> None:
        self._model, self._name = model, name
        self._mappings: dict[str, CellMapping | None] = {}  # by the hash of the former policy

    def map_panes(self, panes: Mapping[int, Cells], counted_under: ModelPolicy) -> Mapping[int, Cells]:
        """Return panes, by start, in the cells of the policy.

        Raises:
            StateError: they have no place under it.
        """
        if counted_under is self._model:
            return panes
        key = counted_under.layout_hash()
        if key not in self._mappings:
            of_outcomes = is_of_outcomes(self._name)
            self._mappings[key] = mapping_between(counted_under, self._model, of_outcomes=of_outcomes)
        mapping = self._mappings[key]
        return panes if mapping is None else {start_s: mapping.map_cells(cells) for start_s, cells in panes.items()}


def _mapped(stored: StoredEntries, entry: StateKey, mapping: CellMapping) -> bytes | None:
    """Return one entry with its cells mapped; None where it has none."""
    kind = str(entry[0])
    if kind in _CELLS:
        cells: Cells = read_entry(stored, entry, Cells)
        return msgspec.msgpack.encode(mapping.map_cells(cells))
    if kind in _WITH_CELLS:
        value = read_entry(stored, entry, _WITH_CELLS[kind])
        return msgspec.msgpack.encode(msgspec.structs.replace(value, cells=mapping.map_cells(value.cells)))
    if kind == RELEASE or kind.startswith(RELEASE_BY):
        return msgspec.msgpack.encode(moved_release(read_entry(stored, entry, StoredRelease), mapping))
    if kind == HISTORY:
        span = read_entry(stored, entry, StoredSpan)
        cells = mapping.map_cells(msgspec.msgpack.decode(span.data, type=Cells))
        return msgspec.msgpack.encode(msgspec.structs.replace(span, data=msgspec.msgpack.encode(cells)))
    return None
