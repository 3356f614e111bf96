"""The records of ``camera-aggregates``: counts of one window that may leave, exactly or with noise, and nothing else.

They reveal no number of fewer than k people, not even by subtraction: there are no totals, no second release of a
window, and no offsets (the difference of two offsets is a count). A longer window has only what no shorter window
inside it has shown, so nothing is in two records.

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from stream_app.pipeline.records.codec import JsonCodec

SCHEMA = 1
EXACT, LAPLACE = "none", "discrete Laplace"


class AggregateCell(msgspec.Struct, frozen=True, kw_only=True):
    """One published count.

    Attributes:
        labels: Label by name of the dimension; ``*`` where it was added up.
        n: How many, at least k; with noise where the record says so.
    """

    labels: dict[str, str]
    n: int


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """The published counts of one window of a model of kind ``counts``; never issued twice.

    The fields from ``is_rest`` on are those of a model whose policy has a ``publication``; without, counts are exact.
    A cell that is not listed has fewer than ``k`` people, maybe none, or is hidden so that another cannot be computed
    by subtraction.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        window: Name of the window: the first that the policy declares, or a longer one of its ladder.
        start_s: Start, event time in seconds since the epoch.
        end_s: End, not included.
        k: Fewest people that a cell may show.
        cells: The published cells.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
        is_rest: Whether cells are what no shorter window has shown, added up.
        noise: ``none`` for exact counts, ``discrete Laplace`` for counts with noise.
        epsilon: Privacy loss of a track and day by all records about that day; null for exact counts.
        scale: Scale of the noise of each cell of the first window; null for exact counts.
        most_cells: Cells of a day in which a track counts; null where that is not bounded.
        renews_s: When there is a budget again, seconds since the epoch: that of the day of this window is spent, so it
            has no cells. Null otherwise.
    """

    schema: int
    model: str
    window: str
    start_s: int
    end_s: int
    k: int
    cells: tuple[AggregateCell, ...]
    policy_hash: str
    code_version: str
    is_rest: bool | UnsetType = UNSET
    noise: str | UnsetType = UNSET
    epsilon: str | UnsetType | None = UNSET
    scale: str | UnsetType | None = UNSET
    most_cells: int | UnsetType | None = UNSET
    renews_s: int | UnsetType | None = UNSET

    @property
    def key(self) -> str:
        """``model|window|end``."""
        return f"{self.model}|{self.window}|{self.end_s}"


_CODEC = JsonCodec[Aggregate](Aggregate)
encode_aggregate, decode_aggregate = _CODEC.encode, _CODEC.decode
