"""One group of a result: values, intervals, evidence, and in words why."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from stream_app.core.cause.cause import Cause
from stream_app.core.cause.sentence import VerdictFacts, describe_verdict
from stream_app.core.groups.allocations import NOBODY, Range, allocation_bounds
from stream_app.core.groups.comparison import (
    PairComparison,
    State,
    compare,
    describe_reference,
    describe_undeclared,
    disparate_impact_ratio,
    worst_of,
)
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.intervals.intervals import Interval, PairIntervals, wilson
from stream_app.pipeline.judge.observations import ObservedPair
from stream_app.pipeline.judge.verdicts.limits import limits_of
from stream_app.pipeline.records.evidence import Evidence, state_under
from stream_app.pipeline.records.results import AND, Bounds, GroupResult, WorstCase
from stream_app.policy import ModelPolicy


def judged_row(model: ModelPolicy, observed: ObservedPair) -> GroupResult:
    """Return the row of a declared group; its state is that of the tests, and of the plain rules if so declared."""
    comparison = compare(observed.cases, observed.reference_cases, limits_of(model))
    state = state_under(observed.evidence)
    if comparison.rules and model.detection.plain_rules:
        state = worst_of([state, comparison.state])
    verdict = replace(comparison, state=state)
    row = _row(observed.pair.labels, observed.cases, verdict, observed.intervals, observed.evidence)
    row = msgspec.structs.replace(row, design_effect=observed.design_effect)
    if not (observed.candidates.n or observed.reference_candidates.n):
        return row
    bounds = allocation_bounds(
        observed.cases, observed.reference_cases, observed.candidates, observed.reference_candidates
    )
    rate, ratio, gap = map(_ends, bounds)
    worst_case = WorstCase(n=observed.candidates.n, rate=rate, ratio=ratio, gap=gap)
    return msgspec.structs.replace(row, worst_case=worst_case)


def reference_row(labels: tuple[str, ...], count: GroupCount, candidates: GroupCount) -> GroupResult:
    """Return the row of a reference group: nothing compares it with itself."""
    row = _row(labels, count, describe_reference(count), None, ())
    if not candidates.n:
        return row
    rate = _ends(allocation_bounds(count, NOBODY, candidates, NOBODY).rate)
    return msgspec.structs.replace(row, worst_case=WorstCase(n=candidates.n, rate=rate, ratio=None, gap=None))


def undeclared_row(labels: tuple[str, ...], count: GroupCount, reference: GroupCount, n: int) -> GroupResult:
    """Return the row of unknown or unlisted values among ``n`` decisions: values without a verdict."""
    row = _row(labels, count, describe_undeclared(count, reference), None, ())
    return msgspec.structs.replace(row, share=count.n / n)


def is_remarkable(row: GroupResult) -> bool:
    """Return whether a group deserves an explanation."""
    return row.state in (State.WARNING, State.BREACH) or bool(row.rules)


def explained(row: GroupResult, model: ModelPolicy, observed: ObservedPair, cause: Cause) -> GroupResult:
    """Return the row with its cause and a sentence."""
    onsets = [
        (test.onset_s, test.onset_earliest_s, test.onset_latest_s)
        for test in row.evidence
        if test.state is State.BREACH and test.onset_s is not None
    ]
    onset_s, *ends_s = min(onsets, key=lambda onset: onset[0], default=(None, None, None))
    sentence = describe_pair(
        model,
        observed.pair,
        observed.cases,
        observed.reference_cases,
        cause,
        onset_s=onset_s,
        onset_ends_s=(ends_s[0], ends_s[1]),
    )
    return msgspec.structs.replace(row, cause=cause, sentence=sentence)


def describe_pair(
    model: ModelPolicy,
    pair: Subgroup,
    count: GroupCount,
    reference: GroupCount,
    cause: Cause,
    *,
    onset_s: int | None,
    onset_ends_s: tuple[int | None, int | None] = (None, None),
    is_over: bool = False,
) -> str:
    """Describe a pair in one sentence; no number about fewer than k decisions."""
    facts = VerdictFacts(
        group=", ".join(pair.labels),
        reference=", ".join(pair.reference),
        n=count.n,
        n_reference=reference.n,
        disparate_impact_ratio=disparate_impact_ratio(count, reference),
        min_disparate_impact_ratio=model.rules.min_disparate_impact_ratio,
        max_gap=model.rules.max_gap,
        segment_name=None if model.segment is None else model.segment.name,
        is_judged=min(count.n, reference.n) >= model.rules.min_n,
        onset_s=onset_s,
        onset_ends_s=onset_ends_s,
        is_over=is_over,
        is_worst_case=model.detection.unknown_groups == "worst_case",
    )
    return describe_verdict(facts, cause, k=model.privacy.k)


def _row(
    labels: tuple[str, ...],
    count: GroupCount,
    comparison: PairComparison,
    intervals: PairIntervals | None,
    evidence: tuple[Evidence, ...],
) -> GroupResult:
    is_compared = intervals is not None and comparison.gap is not None
    rate_interval = wilson(count.favorable, count.n) if intervals is None else intervals.rate
    return GroupResult(
        group=AND.join(labels),
        labels=labels,
        n=count.n,
        favorable=count.favorable,
        rate=comparison.rate,
        disparate_impact_ratio=comparison.disparate_impact_ratio,
        gap=comparison.gap,
        rate_bounds=_bounds(rate_interval) if count.n else None,
        ratio_bounds=_bounds(intervals.ratio) if intervals and is_compared else None,
        gap_bounds=_bounds(intervals.gap) if intervals and is_compared else None,
        reason=comparison.reason,
        state=comparison.state,
        rules=comparison.rules,
        evidence=evidence,
        shortfall=comparison.shortfall,
    )


def _ends(values: Range | None) -> Bounds | None:
    return None if values is None else Bounds(values.lower, values.upper)


def _bounds(interval: Interval) -> Bounds:
    return Bounds(interval.lower, interval.upper)
