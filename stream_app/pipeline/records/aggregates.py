"""The records of ``camera-aggregates``: counts of one window that may leave, and nothing else.

They reveal no number of fewer than k people, not even by subtraction: there are no totals, no second release of a
window, no windows inside each other and no offsets (the difference of two offsets is a count).

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4.
"""

from __future__ import annotations

import msgspec

from stream_app.pipeline.records.codec import JsonCodec

SCHEMA = 1


class AggregateCell(msgspec.Struct, frozen=True, kw_only=True):
    """One published count.

    Attributes:
        labels: Label by name of the dimension.
        n: How many, at least k.
    """

    labels: dict[str, str]
    n: int


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """The published counts of one window of a model of kind ``counts``; never issued twice.

    A cell that is not listed has fewer than ``k`` people, maybe none, or is hidden so that another cannot be computed
    by subtraction.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        window: Name of the window; the first that the policy declares, as windows inside each other could be
            subtracted.
        start_s: Start, event time in seconds since the epoch.
        end_s: End, not included.
        k: Fewest people that a cell may show.
        cells: The published cells.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
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

    @property
    def key(self) -> str:
        """``model|window|end``."""
        return f"{self.model}|{self.window}|{self.end_s}"


encode_aggregate = JsonCodec[Aggregate](Aggregate).encode
