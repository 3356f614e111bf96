"""What the judge says: the records of ``fairness-results`` and ``camera-aggregates``.

``fairness-results`` is internal: it holds exact counts, also of small groups. Disclosure control is applied where
values leave (metrics, command line). ``camera-aggregates`` is public: it holds only what may be shown.

A value is the same bit for bit whenever it is computed again from the offsets that it names; so the time of
processing is not in it (Kafka's own timestamp has it). Intervals and evidence of the sequential tests will be further
fields of ``GroupResult``; readers ignore fields that they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stream_app import __version__
from stream_app.core.fairness.counts import GroupCount
from stream_app.core.fairness.pairs import (
    Comparison,
    Reason,
    Rule,
    State,
    Thresholds,
    compare,
    describe_reference,
    describe_undeclared,
    worst_of,
)
from stream_app.core.privacy.disclosure import Disclosure, disclose
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.layout import DECISION, FAVOURABLE
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy

SCHEMA = 1
TOTAL_WINDOW = "total"  # the name of the running totals in the place of a window's

Offsets = dict[str, dict[int, int]]  # source topic -> partition -> next offset


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group in one window.

    Attributes:
        group: Its label as the policy spells it, ``unknown`` or ``__other__``.
        n: Decisions.
        favourable: Favourable decisions.
        rate: Approval rate in [0, 1]; None without decisions.
        disparate_impact_ratio: Rate / rate of the reference; None with a reason.
        gap: Rate - rate of the reference, in [-1, 1], negative is harm; None with a reason.
        reason: Why a value is missing or the group is not judged.
        state: None for the reference and for undeclared values.
        rules: The rules that are broken.
        shortfall: Favourable decisions that the group lacks to meet the ratio rule.
    """

    group: str
    n: int
    favourable: int
    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    reason: Reason | None
    state: State | None
    rules: tuple[Rule, ...]
    shortfall: int | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of one model in one window.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        attribute: Name of the protected attribute.
        window: Name of the window, or ``total``.
        size_s: Width of the window; for ``total`` the stretch from the first to the last closed pane.
        start_s: Start, event time in seconds since the epoch.
        end_s: End, not included.
        revision: 0 at close, one more for each correction; always 0 for ``total``, whose last record counts.
        reference: The reference group.
        n: Decisions of all groups.
        state: The worst state of its pairs.
        groups: Declared groups in the order of the policy, then ``unknown`` and ``__other__`` if they have decisions.
        offsets: By source topic and partition the offset below which every record is counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
    """

    schema: int
    model: str
    attribute: str
    window: str
    size_s: int
    start_s: int
    end_s: int
    revision: int
    reference: str
    n: int
    state: State
    groups: tuple[GroupResult, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str

    @property
    def key(self) -> str:
        """``model|attribute|window|end``; running totals have one key, since only the newest counts."""
        end = "" if self.window == TOTAL_WINDOW else str(self.end_s)
        return f"{self.model}|{self.attribute}|{self.window}|{end}"


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

    A cell that is not listed holds fewer than ``k``, maybe none, or is hidden so that another cannot be found by
    subtraction. There is no total, and no offset vector either: the difference of two offsets is a count.

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


class Span(msgspec.Struct, frozen=True):
    """The stretch of event time that a result is about."""

    window: str
    start_s: int
    end_s: int


def group_counts(layout: CellLayout, attribute: str, cells: Mapping[int, list[int]]) -> dict[str, GroupCount]:
    """Sum cells to one count for each label of an attribute, in the order of the layout.

    Args:
        layout: Layout of the cells; must have the dimension ``decision``.
        attribute: Name of a dimension.
        cells: Vectors by code.
    """
    labels = layout.dimensions[layout.position_of(attribute)][1]
    stride, n_labels = _radix(layout, attribute)
    decision_stride, n_decisions = _radix(layout, DECISION)
    favourable_index = dict(layout.dimensions)[DECISION].index(FAVOURABLE)
    n = [0] * n_labels
    favourable = [0] * n_labels
    for code, vector in cells.items():
        label = code // stride % n_labels
        n[label] += vector[0]
        if code // decision_stride % n_decisions == favourable_index:
            favourable[label] += vector[0]
    return {label: GroupCount(n[index], favourable[index]) for index, label in enumerate(labels)}


def judge_window(
    model: ModelPolicy,
    layout: CellLayout,
    cells: Mapping[int, list[int]],
    span: Span,
    *,
    revision: int,
    offsets: Offsets,
    policy_hash: str,
) -> list[Result]:
    """Turn the cells of one window into one result for each attribute."""
    results = []
    for attribute in model.attributes:
        counts = group_counts(layout, attribute.name, cells)
        groups = _judge_groups(attribute, counts, thresholds_of(model))
        results.append(
            Result(
                schema=SCHEMA,
                model=model.name,
                attribute=attribute.name,
                window=span.window,
                size_s=span.end_s - span.start_s,
                start_s=span.start_s,
                end_s=span.end_s,
                revision=revision,
                reference=attribute.reference or "",
                n=sum(count.n for count in counts.values()),
                state=worst_of(group.state for group in groups),
                groups=groups,
                offsets=offsets,
                policy_hash=policy_hash,
                code_version=__version__,
            )
        )
    return results


def shown_groups(result: Result, k: int) -> Disclosure[str]:
    """Decide which groups of a result may leave."""
    return disclose({group.group: group.n for group in result.groups}, k)


def thresholds_of(model: ModelPolicy) -> Thresholds:
    """Return the rules of a model as exact numbers."""
    rules = model.rules
    return Thresholds.from_decimals(rules.min_disparate_impact_ratio, rules.max_gap, rules.min_n)


def publish_counts(
    model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]], span: Span, *, policy_hash: str
) -> tuple[Aggregate | None, int, int]:
    """Turn the cells of one window into the counts that may leave.

    Returns:
        The record, or None when no cell may be shown (that somebody was there is already told by a record); how many
        cells were hidden because they are small; how many so that those cannot be found by subtraction.
    """
    release = disclose({code: vector[0] for code, vector in cells.items()}, model.privacy.k)
    names = [name for name, _ in layout.dimensions]
    published = tuple(
        AggregateCell(labels=dict(zip(names, layout.labels_of(code), strict=True)), n=cells[code][0])
        for code in sorted(release.shown)
    )
    aggregate = Aggregate(
        schema=SCHEMA,
        model=model.name,
        window=span.window,
        start_s=span.start_s,
        end_s=span.end_s,
        k=model.privacy.k,
        cells=published,
        policy_hash=policy_hash,
        code_version=__version__,
    )
    return aggregate if published else None, len(release.small), len(release.complementary)


_encoder = msgspec.json.Encoder()
_result_decoder = msgspec.json.Decoder(Result)


def encode_record(record: Result | Aggregate) -> bytes:
    """Encode as JSON."""
    return _encoder.encode(record)


def decode_result(data: bytes) -> Result:
    """Decode what ``encode_record`` made of a result.

    Raises:
        msgspec.MsgspecError: the bytes are no result.
    """
    return _result_decoder.decode(data)


def _radix(layout: CellLayout, name: str) -> tuple[int, int]:
    position = layout.position_of(name)
    stride = 1
    for _, labels in layout.dimensions[position + 1 :]:
        stride *= len(labels)
    return stride, len(layout.dimensions[position][1])


def _judge_groups(
    attribute: Attribute, counts: Mapping[str, GroupCount], limits: Thresholds
) -> tuple[GroupResult, ...]:
    reference = counts[attribute.reference or ""]
    return tuple(
        _group_result(group, count, _compare_group(attribute, group, count, reference, limits))
        for group, count in counts.items()
        if count.n or group in attribute.groups
    )


def _compare_group(
    attribute: Attribute, group: str, count: GroupCount, reference: GroupCount, limits: Thresholds
) -> Comparison:
    if group == attribute.reference:
        return describe_reference(reference)
    if group in (UNKNOWN, OTHER):
        return describe_undeclared(count, reference)
    return compare(count, reference, limits)


def _group_result(group: str, count: GroupCount, comparison: Comparison) -> GroupResult:
    return GroupResult(
        group=group,
        n=count.n,
        favourable=count.favourable,
        rate=comparison.rate,
        disparate_impact_ratio=comparison.disparate_impact_ratio,
        gap=comparison.gap,
        reason=comparison.reason,
        state=comparison.state,
        rules=comparison.rules,
        shortfall=comparison.shortfall,
    )
