"""Results of one window as tables of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.joint import TableRelease
from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.pipeline.records.results import CROSS, Result

Labels = tuple[str, ...]
People = dict[Labels, int]
Tables = dict[str, People]  # by the attribute of a result
Shown = dict[str, set[Labels]]
Count = Callable[[Cells, Iterable[str]], Tables]


def tables_of(results: Iterable[Result]) -> Tables:
    """Return the people of each group of some results."""
    return {result.attribute: {group.labels: group.n for group in result.groups} for result in results}


def shown_of(tables: Mapping[str, People], k: int) -> Shown:
    """Return the groups that each table shows on its own."""
    return {name: set(disclose_cells(people, k).shown) for name, people in tables.items()}


def cross_of(layout: CellLayout, attributes: Sequence[str], cells: Mapping[int, Sequence[int]]) -> People:
    """Return the people by the labels of all attributes, without empty ones.

    Args:
        layout: Layout of the cells.
        attributes: Names of the protected attributes; a model whose groups are all estimated has none.
        cells: Vectors by code.
    """
    if not attributes:
        n = sum(vector[0] for vector in cells.values())
        return {(): n} if n else {}
    names = [layout.dimensions[layout.position_of(name)][1] for name in attributes]
    strides, sizes = np.array([layout.radix_of(name) for name in attributes], np.int64).reshape(-1, 2).T
    codes = np.fromiter(cells, np.int64, len(cells))
    counts = np.fromiter((vector[0] for vector in cells.values()), np.int64, len(cells))
    places = codes[:, None] // strides % sizes
    _, first, numbers = np.unique(
        np.ravel_multi_index(tuple(places.T), tuple(sizes)), return_index=True, return_inverse=True
    )
    n_people = np.zeros(len(first), np.int64)
    np.add.at(n_people, numbers, counts)
    order = np.argsort(first)  # as they come in the cells
    return {
        tuple([labels[place] for labels, place in zip(names, own, strict=True)]): n
        for own, n in zip(places[first[order]].tolist(), n_people[order].tolist(), strict=True)
        if n
    }


def tables_in(layout: CellLayout, attributes: Sequence[str], cells: Cells, names: Iterable[str]) -> Tables:
    """Return the tables of some attributes and intersections in some cells; see ``margins_of``."""
    return margins_of(cross_of(layout, attributes, cells), attributes, names)


def margins_of(cross: Mapping[Labels, int], attributes: Sequence[str], names: Iterable[str]) -> Tables:
    """Return the tables of some attributes and intersections.

    Args:
        cross: People by the labels of all attributes.
        attributes: Names of the protected attributes.
        names: Attributes of results.

    >>> margins_of({("f", "a"): 4, ("m", "a"): 3}, ("sex", "race"), ("race", "sex+race"))
    {'race': {('a',): 7}, 'sex+race': {('f', 'a'): 4, ('m', 'a'): 3}}
    """
    tables: Tables = {}
    for name in names:
        places = places_of(name, attributes)
        table: Counter[Labels] = Counter()
        for labels, n in cross.items():
            table[tuple(labels[place] for place in places)] += n
        tables[name] = dict(table)
    return tables


def releases_of(tables: Tables, shown: Mapping[str, set[Labels]], attributes: Sequence[str]) -> list[TableRelease]:
    """Return tables with what they show."""
    return [TableRelease(places_of(name, attributes), people, shown[name]) for name, people in tables.items()]


def places_of(name: str, attributes: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the attributes of a result among all attributes."""
    return tuple(attributes.index(part) for part in name.split(CROSS))


def without(people: People, shown: set[Labels], hidden: Iterable[Labels], k: int) -> set[Labels]:
    """Return what a table shows without some more groups, and without what would reveal them."""
    withheld = (people.keys() - shown) | (set(hidden) & people.keys())
    return shown & disclose_cells(people, k, withheld).shown
