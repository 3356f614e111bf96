"""What the release gate remembers, under another policy: groups that are joined by it are joined there too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream_app.core.releases.computed import ComputedTotals, Counts
from stream_app.core.releases.hidden_system import Past
from stream_app.core.releases.nested import HiddenParts
from stream_app.core.windows.cells import CellMapping
from stream_app.pipeline.judge.stored.stored_releases import (
    PART,
    Labels,
    StoredParts,
    StoredRelease,
    StoredTotals,
    stored_parts,
)
from stream_app.pipeline.records.results import CROSS


def moved_release(stored: StoredRelease, mapping: CellMapping) -> StoredRelease:
    """Return what the gate remembers of a window under another policy.

    Where groups are joined by it, what was hidden of them is summed: the windows around it hide those groups. What
    running totals showed last stays as it was, with the groups of that time; what readers can compute begins again. Of
    intersections, everything inside the window is taken as known.
    """
    parts = [moved for each in stored.parts if (moved := _moved_parts(each, mapping)) is not None]
    hidden = stored.hidden
    if not stored.former:
        hidden = {
            name: sorted({_moved_labels(name, labels, mapping) for labels in groups})
            for name, groups in stored.hidden.items()
            if _is_kept(name, mapping)
        }
    barriers = [
        (at_s, name, sorted({_moved_labels(name, labels, mapping) for labels in groups}))
        for at_s, name, groups in stored.barriers
        if _is_kept(name, mapping)
    ]
    cells, left_out = mapping.map_cells(stored.cells), mapping.map_cells(stored.left_out)
    totals = StoredTotals(complete=_moved_counts(stored.totals.complete, mapping))
    return StoredRelease(hidden, cells, parts, stored.former, totals=totals, barriers=barriers, left_out=left_out)


def _moved_counts(
    complete: Iterable[tuple[str, list[tuple[Labels, Counts]]]], mapping: CellMapping
) -> list[tuple[str, list[tuple[Labels, Counts]]]]:
    """Return counts by table and group, summed where groups are joined."""
    moved = ComputedTotals()
    for name, counts in complete:
        if _is_kept(name, mapping):
            for labels, own in counts:
                moved.add_complete(name, {_moved_labels(name, labels, mapping): own})
    return [(name, sorted(counts.items())) for name, counts in sorted(moved.complete.items())]


def _moved_parts(stored: StoredParts, mapping: CellMapping) -> StoredParts | None:
    """Return what the smallest windows hide of one table; None where the table is gone."""
    name = stored.attribute
    if not _is_kept(name, mapping):
        return None
    known = {labels for people in (*(people for _, people in stored.sums), stored.people) for labels, _ in people}
    known |= {labels for *_, cells in stored.releases for labels in cells}
    new = {labels: _moved_labels(name, labels, mapping) for labels in known}
    past = Past(
        _summed(stored.people, new),
        tuple(frozenset(new[labels] for labels in cells) for cells in stored.known),
        frozenset(new[labels] for labels in stored.guarded),
        _summed(stored.beside, new),
    )
    parts = HiddenParts(is_full=stored.is_full or len(set(new.values())) < len(new), past=past)
    for start_s, people in stored.sums:
        parts.add(start_s, _summed(people, new))
    for start_s, end_s, cells in stored.releases:
        parts.release(start_s, end_s, {new[labels] for labels in cells})
    return stored_parts(name, parts)


def _summed(people: Iterable[tuple[Labels, int]], new: Mapping[Labels, Labels]) -> dict[Labels, int]:
    summed: dict[Labels, int] = {}
    for labels, n in people:
        summed[new[labels]] = summed.get(new[labels], 0) + n
    return summed


def _is_kept(name: str, mapping: CellMapping) -> bool:
    known = {dimension for dimension, _ in mapping.new.dimensions}
    return all(attribute in known for attribute in name.split(CROSS))


def _moved_labels(name: str, labels: Labels, mapping: CellMapping) -> Labels:
    moved = (
        _moved_label(attribute, label, mapping) for attribute, label in zip(name.split(CROSS), labels, strict=True)
    )
    return tuple(label for label in moved if label is not None)


def _moved_label(attribute: str, label: str, mapping: CellMapping) -> str | None:
    """Return a label, or one of a part of a group."""
    group, *part = label.split(PART)
    moved = mapping.map_label(attribute, group)
    return None if moved is None else PART.join((moved, *part))
