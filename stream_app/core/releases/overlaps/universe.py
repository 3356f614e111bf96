"""The cells of some attributes, and the sets of people over them that are known or that somebody may ask about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

import numpy as np

from stream_app.core.arrays import Bools, Rows
from stream_app.core.releases.related import People

CROSS = "+"  # joins the names of attributes
MOST_CELLS = 400  # beyond that some of the attributes are looked at at a time
_MOST_LABELS = 6  # of which every set is asked about
_MOST_BOXES = 2000  # sets of which several groups of several attributes are asked about


class Universe:
    """The complete cross of some attributes.

    Args:
        labels: Labels of each attribute.
        suffix: What follows the names of attributes, where not all decisions are counted.
        known: Sets of which anything is known.

    Attributes:
        sets: Everybody, and the known sets of these attributes.
        masks: Cells of each, shape (sets, cells).
        targets: Cells of each set that somebody may ask about, shape (targets, cells): these sets, every cell, and
            every group of fewer attributes; everybody is the first one.
        target_of: Place of each set among the targets, shape (sets,).
        is_group: Which targets are groups or intersections of them, shape (targets,); others are several at once.

    >>> women = People("sex", frozenset({("f",)}))
    >>> universe = Universe({"sex": ["f", "m"]}, "", [women])
    >>> universe.sets[1] == women, universe.masks.astype(int).tolist(), universe.targets.astype(int).tolist()
    (True, [[1, 1], [1, 0]], [[1, 1], [1, 0], [0, 1]])
    """

    def __init__(self, labels: Mapping[str, Sequence[str]], suffix: str, known: Iterable[People]) -> None:
        self._labels, self._suffix = labels, suffix
        self._cells = list(product(*labels.values()))
        self.sets = [People(suffix, frozenset()), *(each for each in known if self._has(each))]
        self.masks: Bools = np.array([self._mask(each) for each in self.sets])
        groups = [*self.masks, *self._boxes(has_several=False)]
        asked = np.array([*groups, *self._boxes(has_several=True)])
        numbers = {row: number for number, row in enumerate(dict.fromkeys(row.tobytes() for row in asked))}
        of_row = np.array([numbers[row.tobytes()] for row in asked], np.intp)
        self.targets: Bools = asked[np.unique(of_row, return_index=True)[1]]
        self.target_of: Rows = of_row[: len(self.sets)]
        self.is_group: Bools = np.arange(len(self.targets)) <= of_row[: len(groups)].max()

    @property
    def is_crossed(self) -> bool:
        """Whether there are several attributes."""
        return len(self._labels) > 1

    def n_attributes(self, place: int) -> int:
        """Return how many attributes a set depends on."""
        return len(self._names_of(self.sets[place]))

    def _has(self, people: People) -> bool:
        return not people.is_everybody and self._labels.keys() >= set(self._names_of(people))

    def _names_of(self, people: People) -> list[str]:
        return people.attribute.removesuffix(self._suffix).split(CROSS)

    def _mask(self, people: People) -> list[bool]:
        if people.is_everybody:
            return [True] * len(self._cells)
        places = self._places(self._names_of(people))
        return [tuple(cell[place] for place in places) in people.members for cell in self._cells]

    def _boxes(self, *, has_several: bool) -> Iterator[Bools]:
        """Yield the cells of every choice of labels; of many labels, several of one attribute only.

        Args:
            has_several: Whether several labels of an attribute are chosen, or one or all of them.
        """
        own = [
            {label: np.array([cell[place] == label for cell in self._cells]) for label in labels}
            for place, labels in enumerate(self._labels.values())
        ]
        everybody = np.ones(len(self._cells), np.bool_)
        single = [[everybody, *of_label.values()] for of_label in own]
        some = [
            [np.logical_or.reduce([of_label[label] for label in chosen]) for chosen in _some_of([*of_label])]
            if has_several
            else []
            for of_label in own
        ]
        if prod(len(one) + len(several) for one, several in zip(single, some, strict=True)) <= _MOST_BOXES:
            choices = [[[*one, *several] for one, several in zip(single, some, strict=True)]]
        else:
            choices = [
                [*single[:place], [*single[place], *several], *single[place + 1 :]]
                for place, several in enumerate(some)
            ]
        yield from (np.logical_and.reduce(each) for chosen in choices for each in product(*chosen))

    def _places(self, names: Iterable[str]) -> list[int]:
        return [list(self._labels).index(name) for name in names]


def universes_of(sets: Collection[People], suffix: str) -> Iterator[Universe]:
    """Yield the attributes that follow from each other only together: those that are crossed, and each other one.

    Args:
        sets: Sets of people of any kind.
        suffix: What follows the names of attributes, where not all decisions are counted.
    """
    labels: dict[str, set[str]] = {}
    crossed: list[set[str]] = []
    own = []
    for people in sets:
        names = people.attribute.removesuffix(suffix).split(CROSS)
        is_own = people.attribute.endswith(suffix) and "|" not in people.attribute.removesuffix(suffix)
        if not is_own or any(len(member) != len(names) for member in people.members) or people.is_everybody:
            continue
        own.append(people)
        for member in people.members:
            for name, label in zip(names, member, strict=True):
                labels.setdefault(name, set()).add(label)
        together = [group for group in crossed if group & set(names)]
        crossed = [group for group in crossed if group not in together] + [set(names).union(*together)]
    for group in crossed:
        for chosen in _that_fit(sorted(group), labels):
            yield Universe({name: sorted(labels[name]) for name in chosen}, suffix, own)


def _that_fit(names: Sequence[str], labels: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Return all names together where their cross is not too large; else the largest numbers of them that fit."""
    for n in range(len(names), 0, -1):
        chosen = list(combinations(names, n))
        sizes = [np.prod([len(labels[name]) for name in each]) for each in chosen]
        if max(sizes) <= MOST_CELLS or n == 1:
            return chosen
    return []


def _some_of(labels: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the choices of several labels, but not all; of many labels the smallest choices and the largest ones."""
    n = len(labels)
    sizes = range(2, n) if n <= _MOST_LABELS else (2, n - 1)
    yield from (each for size in sizes for each in combinations(labels, size))
