"""How hours were divided between levels of areas in one window: results of a model of kind ``allocations``.

Records of ``fairness-results``, with the head of the others; ``kind`` is ``allocations``. Every number follows from
exact sums, so a replay has the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.core.decoding import JsonDecoder
from stream_app.pipeline.records.codec import JsonCodec
from stream_app.pipeline.records.results import Offsets, ResultHead

SCHEMA = 1
ALLOCATIONS = "allocations"  # the kind that such a record names


class HoursRatio(msgspec.Struct, frozen=True):
    """A ratio of hours per capita: of a level / of the reference.

    Attributes:
        value: None with a reason.
        reason: Why there is no ratio, or why it has no inverse.
        lower: Lower end of its 95 % interval; None with a reason.
        upper: Upper end; None where there is none.
        interval_reason: Why there is no interval, or no upper end.
        is_over: Whether the ratio or its inverse is above the limit.
        is_certain: Whether the entire interval is beyond the limit.
    """

    value: float | None
    reason: str | None
    lower: float | None
    upper: float | None
    interval_reason: str | None
    is_over: bool
    is_certain: bool


class LevelResult(msgspec.Struct, frozen=True, kw_only=True):
    """The areas of one level.

    Attributes:
        group: The level, as the policy spells it.
        n: Records about its listed areas.
        n_areas: Its areas with records.
        n_unpopulated: Those without residents; their hours are in no ratio.
        population: Residents; of each area the mean of what its records say.
        hours: Hours of the areas with residents.
        mean_per_capita: Mean of the hours per capita of the areas; None without residents.
        total_per_capita: All hours / all residents; None without residents.
        of_means: Ratio of the means; None for the reference.
        of_totals: Ratio of the totals; None for the reference.
    """

    group: str
    n: int
    n_areas: int
    n_unpopulated: int
    population: float
    hours: float
    mean_per_capita: float | None
    total_per_capita: float | None
    of_means: HoursRatio | None
    of_totals: HoursRatio | None


class AreaResult(msgspec.Struct, frozen=True, kw_only=True):
    """One area.

    Attributes:
        area: Its name, as the policy spells it.
        group: Its level.
        population: Mean of what its records say.
        hours: Sum of its records.
        risk: Mean of its records; None where the policy declares no feature ``risk``, or no record has it.
    """

    area: str
    group: str
    population: float
    hours: float
    risk: float | None


class _Head(msgspec.Struct):
    kind: str = ""


_head = JsonDecoder[_Head](_Head)


class AllocationResult(ResultHead, frozen=True, kw_only=True):
    """The levels of one attribute of one model in one window.

    Attributes:
        kind: ``allocations``.
        n: Records of the window.
        n_unlisted: Those of them whose area or level the policy does not list; they are in no ratio.
        max_ratio: Limit of the ratio; its inverse is the smallest.
        is_over: Whether any ratio or its inverse is above the limit.
        groups: The levels in the order of the policy.
        areas: The areas with records, by level and in the order of the policy.
        offsets: By source topic and partition the offset below which every record is counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
    """

    kind: Literal["allocations"] = "allocations"
    n: int
    n_unlisted: int
    max_ratio: float
    is_over: bool
    groups: tuple[LevelResult, ...]
    areas: tuple[AreaResult, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str


_codec = JsonCodec[AllocationResult](AllocationResult)
encode_allocation_result, decode_allocation_result = _codec.encode, _codec.decode


def decode_hours(data: bytes) -> AllocationResult | None:
    """Decode a record of ``fairness-results``; None for one that is not about hours of areas.

    Raises:
        msgspec.MsgspecError: the bytes are not a record.
    """
    return decode_allocation_result(data) if _head.decode(data).kind == ALLOCATIONS else None
