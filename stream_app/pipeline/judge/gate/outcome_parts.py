"""The people whom results about outcomes count: all with an outcome, and those by decision, outcome or score.

Each rate has a denominator of its own. A reader who sees one sees its complement too, as the outcomes of the group are
shown. So each way to divide a group is a table of its own: women who were approved, and women who were denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stream_app.core.fairness.calibration import ScoreBin
from stream_app.core.fairness.outcome_rates import ConfusionCount
from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.pipeline.judge.gate.tables import Labels, Tables
from stream_app.pipeline.judge.stored.stored_releases import PART
from stream_app.pipeline.judge.verdicts.outcome_sums import OutcomeSums, sum_outcomes
from stream_app.pipeline.layout import AWAITED, FAVORABLE, UNFAVORABLE
from stream_app.pipeline.records.outcome_results import OutcomeGroupResult, OutcomeResult
from stream_app.pipeline.records.results import GroupResult, Result
from stream_app.policy import ModelPolicy, declared_outcome

EVERYBODY, BY_DECISION, BY_OUTCOME, BY_SCORE = "", "decision", "outcome", "score"
Counts = dict[Labels, tuple[int, int]]  # outcomes of a part of a group, and those that readers see among them


def parts_of(model: ModelPolicy) -> tuple[str, ...]:
    """Return the ways in which results about the outcomes of a model divide a group."""
    by_outcome = () if declared_outcome(model).is_selective else (BY_OUTCOME,)  # else such rates are not shown
    return (EVERYBODY, BY_DECISION, *by_outcome, *(() if model.score is None else (BY_SCORE,)))


def counts_of(part: str, group: OutcomeGroupResult) -> Counts:
    """Return what a result counts of a group, divided in one way."""
    confusion = ConfusionCount(tp=group.tp, fp=group.fp, fn=group.fn, tn=group.tn)
    return _counts(part, group.group, confusion, {own.bin: ScoreBin(own.n, own.positives, 0) for own in group.bins})


def result_of(part: str, result: OutcomeResult) -> Result:
    """Return a result about outcomes as one about the people whom it counts: what the release gate knows."""
    counts = [item for group in result.groups for item in counts_of(part, group).items()]
    return Result(
        schema=result.schema,
        model=result.model,
        attribute=result.attribute,
        window=result.window,
        size_s=result.size_s,
        start_s=result.start_s,
        end_s=result.end_s,
        revision=result.revision,
        reference=result.reference,
        n=result.n,
        state=result.state,
        groups=tuple(_group(labels, *people) for labels, people in counts),
        offsets={},
        policy_hash=result.policy_hash,
        code_version=result.code_version,
    )


def tables_of_part(part: str, model: ModelPolicy, layout: CellLayout, cells: Cells, names: Iterable[str]) -> Tables:
    """Return the people with an outcome in some cells, divided in one way, by attribute.

    Args:
        part: How they are divided.
        model: The policy.
        layout: ``outcome_layout_of(model)``.
        cells: Vectors by code.
        names: Attributes.
    """
    bins = () if model.score is None else model.score.bins
    tables: Tables = {}
    for attribute, groups in zip(model.attributes, sum_outcomes(model, layout, cells), strict=True):
        counts: Counts = {}
        for group, sums in groups.items():
            own = {bins[number]: bin_ for number, bin_ in sums.bins.items()}
            counts |= _counts(part, group, sums.confusion, own)
        tables[attribute.name] = {labels: n for labels, (n, _) in counts.items() if n}
    return {name: tables[name] for name in names}


def people_left(model: ModelPolicy, layout: CellLayout, cells: Cells) -> dict[str, Tables]:
    """Return how many decisions of each group have no outcome, by part and attribute.

    Args:
        model: The policy.
        layout: ``outcome_layout_of(model)``.
        cells: Everything that was counted up to some moment.
    """
    is_selective = declared_outcome(model).is_selective
    left: dict[str, Tables] = {EVERYBODY: {}, BY_DECISION: {}}
    for attribute, groups in zip(model.attributes, sum_outcomes(model, layout, cells), strict=True):
        for group, sums in groups.items():
            kinds: dict[str, int] = dict(_left_by_decision(sums, is_selective=is_selective))
            left[EVERYBODY].setdefault(attribute.name, {})[(group,)] = sum(kinds.values())
            if not is_selective:  # else these are the same
                parts: dict[Labels, int] = {(PART.join((group, kind)),): n for kind, n in kinds.items()}
                left[BY_DECISION].setdefault(attribute.name, {}).update(parts)
    return left


def _left_by_decision(sums: OutcomeSums, *, is_selective: bool) -> Iterator[tuple[str, int]]:
    count = sums.confusion
    yield FAVORABLE, sums.of(AWAITED, is_favorable=True) - count.tp - count.fp
    if not is_selective:
        yield UNFAVORABLE, sums.of(AWAITED, is_favorable=False) - count.fn - count.tn


def _counts(part: str, group: str, count: ConfusionCount, bins: Mapping[str, ScoreBin]) -> Counts:
    if part == EVERYBODY:
        return {(group,): (sum(count), count.tp)}
    if part == BY_DECISION:
        divided = {FAVORABLE: (count.tp + count.fp, count.tp), UNFAVORABLE: (count.fn + count.tn, count.fn)}
    elif part == BY_OUTCOME:
        divided = {FAVORABLE: (count.tp + count.fn, count.tp), UNFAVORABLE: (count.fp + count.tn, count.fp)}
    else:
        divided = {label: (own.n, own.positives) for label, own in bins.items()}
    return {(PART.join((group, value)),): people for value, people in divided.items()}


def _group(labels: Labels, n: int, favorable: int) -> GroupResult:
    return GroupResult(
        group=labels[0],
        labels=labels,
        n=n,
        favorable=favorable,
        rate=None,
        disparate_impact_ratio=None,
        gap=None,
        rate_bounds=None,
        ratio_bounds=None,
        gap_bounds=None,
        reason=None,
        state=None,
        rules=(),
        evidence=(),
        shortfall=None,
    )
