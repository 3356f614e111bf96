"""How many records of a sample have probabilities of membership, and how large these are."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.pipeline.layout import layout_of, memberships_of
from stream_app.policy import PROBABILITY_SCALE, ModelPolicy


class SampledProxy(msgspec.Struct, frozen=True, kw_only=True):
    """How many counted events have the probabilities of a proxy.

    Attributes:
        name: Name of the proxy.
        n: Counted events that have them.
        means: Mean probability of each group among these; empty for fewer than k events.
    """

    name: str
    n: int
    means: dict[str, float]


def proxies_in(model: ModelPolicy, panes: Iterable[Cells]) -> list[SampledProxy]:
    """Return what the counted panes of a sample say about each proxy."""
    cells: Cells = {}
    for pane in panes:
        add_cells(cells, pane)
    sampled = []
    for proxy, counter in zip(model.proxies, memberships_of(model, layout_of(model)), strict=True):
        sums = counter.count(cells)
        n, members = int(sums.n.sum()), sums.sums.sum(axis=(0, 1)).tolist()
        means = {group: total / PROBABILITY_SCALE / n for group, total in zip(proxy.groups, members, strict=True) if n}
        sampled.append(SampledProxy(name=proxy.name, n=n, means=means if n >= model.privacy.k else {}))
    return sampled
