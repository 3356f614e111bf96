"""Which counts of one release may be shown: n >= k, and no subtraction that reveals fewer than k people.

A reader may know the total of a release (from the totals of another attribute, or from a live counter without
groups). The total minus the shown cells is the hidden part, so the hidden part must contain nobody or at least k
people; if not, the smallest shown cell is hidden too, and so on.

This covers one table of one release. Several tables, and releases one after the other, are the matter of
``core.releases``.

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4 (primary and secondary suppression).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True)
class Disclosure(Generic[Cell]):
    """Which cells of one release may be shown.

    Attributes:
        shown: Cells that may be shown.
        small: Cells hidden because they contain 1 to k-1 people. An empty cell is in none of these sets, and a reader
            cannot distinguish it from a small one.
        complementary: Cells hidden so that subtraction does not reveal the small ones.
        is_total_shown: Whether the total may be shown.
    """

    shown: frozenset[Cell]
    small: frozenset[Cell]
    complementary: frozenset[Cell]
    is_total_shown: bool


def disclose(people: Mapping[Cell, int], k: int, withheld: Collection[Cell] = ()) -> Disclosure[Cell]:
    """Decide which cells of one release may be shown.

    Cells below ``k`` are hidden; then the smallest shown ones (in the order of ``people`` where they are equal) until
    the hidden cells together contain nobody or at least ``k``. Where hiding everything is not enough, the total is
    hidden too.

    Args:
        people: People (decisions, tracks) by cell; they do not overlap.
        k: Minimum number of people that may be shown; 0 shows everything.
        withheld: Cells that are hidden for another reason.

    >>> release = disclose({"white": 90, "black": 40, "hispan": 4}, 10)
    >>> sorted(release.shown), sorted(release.complementary), release.is_total_shown
    (['white'], ['black'], True)
    >>> disclose({"white": 90, "black": 6, "hispan": 4}, 10).complementary
    frozenset()
    """
    small = frozenset(cell for cell, n in people.items() if 0 < n < k)
    complementary = {cell for cell in withheld if people[cell] >= max(k, 1)}
    shown = sorted(
        (cell for cell, n in people.items() if n >= k and cell not in complementary),
        key=lambda cell: people[cell],
        reverse=True,
    )
    hidden = sum(people[cell] for cell in small | complementary)
    while 0 < hidden < k and shown:
        cell = shown.pop()
        complementary.add(cell)
        hidden += people[cell]
    return Disclosure(frozenset(shown), small, frozenset(complementary), hidden == 0 or hidden >= k)


def disclose_table(
    people: Mapping[tuple[str, ...], int], k: int, withheld: Collection[tuple[str, ...]] = ()
) -> Disclosure[tuple[str, ...]]:
    """Decide which cells of a table of several attributes may be shown beside its margins.

    A reader may know every margin (``female`` of gender by race, or ``female & black`` of three attributes). A margin
    minus the shown cells of its line is the hidden part of that line, which must be nobody or at least ``k``. So, line
    by line, the smallest shown cells are hidden until every line satisfies this.

    Args:
        people: People by the labels of a cell, unknown values included; they do not overlap.
        k: Minimum number of people that may be shown; 0 shows everything.
        withheld: Cells that are hidden for another reason.

    Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4.4 (secondary suppression in tables); this
    protects each line, ``core.releases.joint`` against combinations of lines and of tables.

    >>> table = {("f", "a"): 4, ("f", "b"): 30, ("m", "a"): 40, ("m", "b"): 50}
    >>> release = disclose_table(table, 10)
    >>> sorted(release.shown), sorted(release.complementary)
    ([('m', 'b')], [('f', 'b'), ('m', 'a')])
    """
    small = frozenset(cell for cell, n in people.items() if 0 < n < k)
    hidden = set(small) | {cell for cell in withheld if people[cell]}
    lines, lines_with = _lines_of(tuple(people))
    n_hidden_in = [0] * len(lines)
    for cell in hidden:
        for number in lines_with[cell]:
            n_hidden_in[number] += people[cell]
    is_settled = False
    while not is_settled:
        is_settled = True
        for number, line in enumerate(lines):
            if not 0 < n_hidden_in[number] < k:
                continue
            open_cells = [cell for cell in line if cell not in hidden and people[cell]]
            if open_cells:
                cell = min(open_cells, key=lambda cell: (people[cell], cell))
                hidden.add(cell)
                for other in lines_with[cell]:
                    n_hidden_in[other] += people[cell]
                is_settled = False
    shown = frozenset(cell for cell, n in people.items() if n and cell not in hidden)
    n_hidden = sum(people[cell] for cell in hidden)
    return Disclosure(shown, small, frozenset(hidden) - small, n_hidden == 0 or n_hidden >= k)


def disclose_cells(
    people: Mapping[tuple[str, ...], int], k: int, withheld: Collection[tuple[str, ...]] = ()
) -> Disclosure[tuple[str, ...]]:
    """Decide which cells of a table may be shown, of one attribute or of several."""
    is_crossed = any(len(labels) > 1 for labels in people)
    return disclose_table(people, k, withheld) if is_crossed else disclose(people, k, withheld)


@lru_cache(maxsize=128)  # the tables of a model have the same cells in most windows
def _lines_of(
    cells: tuple[tuple[str, ...], ...],
) -> tuple[list[list[tuple[str, ...]]], dict[tuple[str, ...], list[int]]]:
    """Return the lines of a table, and the numbers of those with each cell."""
    lines, lines_with = lines_of(cells), dict[tuple[str, ...], list[int]]()
    for number, line in enumerate(lines):
        for cell in line:
            lines_with.setdefault(cell, []).append(number)
    return lines, lines_with


def lines_of(cells: Iterable[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Return the cells that differ in one label only, for every choice of the others."""
    lines: dict[tuple[int, tuple[str, ...]], list[tuple[str, ...]]] = {}
    for cell in cells:
        for place in range(len(cell)):
            lines.setdefault((place, cell[:place] + cell[place + 1 :]), []).append(cell)
    return list(lines.values())
