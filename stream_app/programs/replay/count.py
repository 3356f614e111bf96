"""``replay count``: the exact counts of a time range by attribute and intersection, disclosed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isinf
from typing import TypeVar

import msgspec

from stream_app import __version__
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.tables.amount_table import AmountGroupTable, amount_table_of
from stream_app.pipeline.replay.tables.group_table import GroupTable, table_of
from stream_app.pipeline.replay.tables.range_counts import RangeCounts, count_range
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.sources import open_sources
from stream_app.settings import Settings

Table = TypeVar("Table", GroupTable, AmountGroupTable)


class CountFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the tables of a time range were counted from.

    Attributes:
        model: Name of the model.
        topic: Topic that was read.
        source: ``raw`` records or ``published`` events.
        from_s: Start of the range that was counted, event time; None for the beginning of the log.
        to_s: Its end, not included; None for the end of the log.
        is_final: Whether every partition has passed the range, so that later records do not change the counts.
        n_in_range: Decisions that were counted in the range; None where fewer than ``k``.
        k: Fewest decisions about which anything is shown.
        policy_hash: Hash of the policy of the model.
        code_version: Version of FairStream.
    """

    model: str
    topic: str
    source: str
    from_s: float | None
    to_s: float | None
    is_final: bool
    n_in_range: int | None
    k: int
    policy_hash: str
    code_version: str


def count(
    settings: Settings,
    model: ModelPolicy,
    time_range: TimeRange,
    choice: SourceChoice,
    on_progress: OnProgress,
) -> RangeCounts:
    """Count a range of event time, reading the log once.

    Args:
        settings: Where Kafka and the keys are.
        model: The policy of the model.
        time_range: The range.
        choice: Which topic is read.
        on_progress: Called after each run of records.

    Raises:
        ConfigError: the range is empty.
        BrokerUnavailableError: no broker answers, or it was lost.
        PolicyError: the policy fits none of the records.
        ReplayError: there is no event in the range.
    """
    time_range.reject_empty()
    with open_sources(settings, model, choice, on_progress) as sources:
        return count_range(sources, time_range)


def facts_of(model: ModelPolicy, choice: SourceChoice, counts: RangeCounts) -> CountFacts:
    """Return what the tables of some counts are made from."""
    n, k = sum(vector[0] for vector in counts.cells.values()), model.privacy.k
    return CountFacts(
        model=model.name,
        topic=choice.topic_of(model),
        source=choice.kind,
        from_s=_finite(counts.time_range.from_s),
        to_s=_finite(counts.time_range.to_s),
        is_final=counts.is_final,
        n_in_range=None if n < k else n,
        k=k,
        policy_hash=model.hash(),
        code_version=__version__,
    )


def tables_of(
    model: ModelPolicy,
    counts: RangeCounts,
    chosen: Sequence[tuple[str, ...]],
    exclude_below: float,
    former: Sequence[Collection[tuple[str, ...]]],
) -> list[GroupTable]:
    """Return the disclosed table of each choice of attributes.

    Args:
        model: The policy of the model.
        counts: What was counted.
        chosen: The attributes of each table.
        exclude_below: As ``table_of``.
        former: The labels of each table that are withheld because of former releases.
    """
    k = model.privacy.k
    return [
        table_of(model, counts.cells, names, exclude_below=exclude_below, k=k, former=withheld)
        for names, withheld in zip(chosen, former, strict=True)
    ]


def amount_tables_of(
    model: ModelPolicy,
    counts: RangeCounts,
    chosen: Sequence[tuple[str, ...]],
    former: Sequence[Collection[tuple[str, ...]]],
) -> list[AmountGroupTable]:
    """Return the disclosed table of each choice of attributes, where the decision is an amount; as ``tables_of``."""
    k = model.privacy.k
    return [
        amount_table_of(model, counts.cells, names, k=k, former=withheld)
        for names, withheld in zip(chosen, former, strict=True)
    ]


def _finite(time_s: float) -> float | None:
    return None if isinf(time_s) else time_s
