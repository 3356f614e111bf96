"""A window beside the smaller windows inside it: the hour minus its shown minutes must not be fewer than k people.

Of the smallest windows only the hidden cells matter: what they show, a reader subtracts. Windows that hide the same
cells are summed where nothing in between was released, because every combination that uses the hidden cells of one uses
those of the others too. What is left is a small linear system (``hidden_system``).

The same holds for running totals, which contain all windows since the beginning and are released again and again. When
the largest window has ended, nothing will be released inside it any more: it is summed up with all that was before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.hidden_system import NO_PAST, Atom, HiddenSystem, Labels, Past, People, Release

_MOST_CELLS = 400  # beyond that a larger window shows only what the smallest ones showed
_NEVER = 2**62  # a start that no release contains


class HiddenParts:
    """What the smallest windows hide of one table, inside one larger window, and what was released in between.

    Args:
        sums: Start of the second smallest window that contains them, with the people of hidden cells.
        releases: What windows of sizes in between showed.
        is_full: Whether there were too many, so that the sums no longer say everything.
        past: What was summed up before.

    >>> parts = HiddenParts()
    >>> parts.add(0, {("a",): 6, ("b",): 12})
    >>> sorted(parts.shown_beside({("a",): 300, ("b",): 400, ("c",): 500}, {("a",), ("b",), ("c",)}, 10))
    [('c',)]
    """

    def __init__(
        self,
        sums: Iterable[tuple[int, Mapping[Labels, int]]] = (),
        releases: Iterable[tuple[int, int, Iterable[Labels]]] = (),
        *,
        is_full: bool = False,
        past: Past = NO_PAST,
    ) -> None:
        self.sums: dict[tuple[int, frozenset[Labels]], People] = {
            (start_s, frozenset(people)): dict(people) for start_s, people in sums
        }
        self.releases = [Release(start_s, end_s, frozenset(cells)) for start_s, end_s, cells in releases]
        self.is_full, self.past = is_full, past

    @property
    def is_empty(self) -> bool:
        """Whether nothing is hidden."""
        return not self.sums and not self.past.people

    def add(self, start_s: int, hidden: Mapping[Labels, int]) -> None:
        """Take in one of the smallest windows, which has closed.

        Args:
            start_s: Start of the second smallest window that contains it.
            hidden: People of the cells that it hides, without empty ones unless readers do not know that they are.
        """
        if not hidden:
            return
        _add(self.sums.setdefault((start_s, frozenset(hidden)), {}), hidden)
        self.is_full |= sum(map(len, self.sums.values())) > _MOST_CELLS
        if self.is_full:
            merged: People = {}
            for people in self.sums.values():
                _add(merged, people)
            self.sums, self.releases = {(0, frozenset(merged)): merged}, []

    def release(self, start_s: int, end_s: int, shown: Collection[Labels]) -> None:
        """Take in what a window of a size in between showed; without hidden cells in it that says nothing new."""
        if not self.is_full and any(start_s <= begin_s < end_s for begin_s, _ in self.sums):
            self.releases.append(Release(start_s, end_s, frozenset(shown)))

    def sum_up(self, k: int) -> None:
        """Sum up all that is hidden, because nothing will be released inside it any more.

        Args:
            k: Fewest people about which anything may follow.
        """
        if self.sums and not self.is_full:
            self.past = HiddenSystem(self._atoms(), self.releases, (), self.past).summed(k)
            self.sums, self.releases = {}, []

    def show(self, shown: Collection[Labels]) -> None:
        """Take in what running totals showed."""
        self.past = self.past.without(shown)

    def shown_beside(
        self, people: Mapping[Labels, int], shown: Collection[Labels], k: int, beyond: Mapping[Labels, int] = {}
    ) -> set[Labels]:
        """Return the cells that the larger window may show beside the smaller ones.

        Args:
            people: People of its cells.
            shown: Cells that it would show on its own.
            k: Fewest people about which anything may follow.
            beyond: People of its cells that no smaller window shows.
        """
        kept = set(shown)
        atoms = self._atoms()
        late = frozenset(cell for cell, n in beyond.items() if n)
        atoms += [Atom(_NEVER, late, cell, abs(beyond[cell])) for cell in sorted(late)]
        if kept.isdisjoint({*(atom.cell for atom in atoms), *self.past.people}):
            return kept
        if self.is_full:
            return _hide(people, kept, {atom.cell for atom in atoms} | self.past.people.keys(), k)
        system = HiddenSystem(atoms, self.releases, people, self.past)
        while chosen := system.cells_to_hide(kept, people, k):
            kept = _hide(people, kept, chosen, k)
        return kept

    def _atoms(self) -> list[Atom]:
        return [Atom(*key, cell, n) for key, cells in self.sums.items() for cell, n in cells.items()]


def _add(people: People, more: Mapping[Labels, int]) -> None:
    for cell, n in more.items():
        people[cell] = people.get(cell, 0) + n


def _hide(people: Mapping[Labels, int], shown: set[Labels], cells: Collection[Labels], k: int) -> set[Labels]:
    """Hide cells, and others so that these do not follow from the rest of the table."""
    hidden = (people.keys() - shown) | (set(cells) & people.keys())
    return shown & disclose_cells(people, k, withheld=hidden).shown
