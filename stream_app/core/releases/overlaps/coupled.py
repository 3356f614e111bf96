"""What follows in several pieces of time at once: pieces that are coupled by counts over several of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stream_app.core.releases.overlaps.following import that_follow
from stream_app.core.releases.overlaps.pieces import Pieces
from stream_app.core.releases.overlaps.system import MOST_COLUMNS, Coupled, Leak, Memory, System

_MOST_ROUNDS = 20  # of cells that have nobody; more are not needed for less to be hidden


def leaks_of(pieces: Pieces, k: int, memory: Memory) -> Iterator[Leak]:
    """Yield the sets of fewer than k people that follow, within pieces and in several of them."""
    systems = settle_coupled(pieces, memory)
    yield from _leaks_within(pieces, k, memory)
    for system in systems:
        leaks = [*system.leaks(k, is_strict=memory.is_strict)]
        if not leaks:
            memory.safe.add(system.key)
        yield from leaks


def settle_coupled(pieces: Pieces, memory: Memory) -> list[System]:
    """Take in which cells have nobody because of several pieces at once; return the systems that may not be safe."""
    systems: list[System] = []
    for _ in range(_MOST_ROUNDS):
        coupled = [part for each in _coupled(pieces) for part in each.fitting()]
        systems = [System(each) for each in coupled if each.key not in memory.safe]
        if not pieces.universe.is_crossed or not sum(system.take_empty() for system in systems):
            break
        pieces.settle()
    return systems


def _leaks_within(pieces: Pieces, k: int, memory: Memory) -> Iterator[Leak]:
    values, universe = pieces.values, pieces.universe
    is_few = pieces.follows & ((np.isnan(values) & memory.is_strict) | ((values > 0) & (values < k)))
    everybody = (~pieces.empty).sum(axis=1)
    n_cells = universe.targets.astype(np.int64) @ (~pieces.empty.T).astype(np.int64)
    is_few &= universe.is_group[:, None] | (n_cells < everybody)  # that few were there in all is no secret
    is_few[0] = False
    for target, piece in np.argwhere(is_few).tolist():
        is_there = ~pieces.empty[piece]
        places = np.flatnonzero(pieces.known[:, piece])
        following = that_follow(universe.masks[places][:, is_there], universe.targets[target : target + 1, is_there])
        rows = [pieces.row_of(place, piece) for place in places.tolist()]
        if len(following.places):
            yield Leak(rows, following.shares[0], np.array([piece]), universe.targets[target : target + 1])


def is_known(pieces: Pieces, leak: Leak) -> bool:
    """Return whether a set follows in other pieces of the same time; False also where that is too large to know."""
    group, cells, masks = leak.group, leak.cells, pieces.universe.masks
    is_there = ~pieces.empty[group]
    if is_there.sum() > MOST_COLUMNS:
        return False
    number_of = {piece: number for number, piece in enumerate(group.tolist())}
    rows = []
    for piece, number in number_of.items():
        for place in np.flatnonzero(pieces.known[:, piece]).tolist():
            row = np.zeros(is_there.shape, np.bool_)
            row[number] = masks[place]
            rows.append(row[is_there])
    for place, first, after, _ in pieces.spans.tolist():
        inside = np.flatnonzero(pieces.open_in(place)[first:after]) + first
        if number_of.keys() >= set(inside.tolist()):
            row = np.zeros(is_there.shape, np.bool_)
            row[[number_of[piece] for piece in inside.tolist()]] = masks[place]
            rows.append(row[is_there])
    wanted = cells[is_there]
    return not wanted.any() or bool(len(that_follow(np.array(rows), wanted[None]).places))


def _coupled(pieces: Pieces) -> Iterator[Coupled]:
    """Yield the pieces that links with several open pieces couple."""
    root = list(range(pieces.known.shape[1]))

    def find(piece: int) -> int:
        while root[piece] != piece:
            root[piece] = root[root[piece]]
            piece = root[piece]
        return piece

    coupling: list[tuple[int, list[int]]] = []  # an open piece, and the link
    for place in np.unique(pieces.spans[:, 0]).tolist():
        is_open = pieces.open_in(place)
        places = np.flatnonzero(is_open)
        n_open = np.concatenate([[0], np.cumsum(is_open)])
        own = pieces.spans[pieces.spans[:, 0] == place]
        for span in own[n_open[own[:, 2]] - n_open[own[:, 1]] > 1].tolist():
            inside = places[n_open[span[1]] : n_open[span[2]]].tolist()
            coupling.append((inside[0], span))
            for piece in inside[1:]:
                root[find(piece)] = find(inside[0])
    spans_of: dict[int, list[list[int]]] = {}
    for piece, span in coupling:
        spans_of.setdefault(find(piece), []).append(span)
    groups: dict[int, list[int]] = {}
    for piece in range(len(root)):
        groups.setdefault(find(piece), []).append(piece)
    for first, spans in spans_of.items():
        yield Coupled(pieces, np.array(groups[first]), np.array(spans))
