"""From the amounts of one window to one result for each attribute and each intersection of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from stream_app import __version__
from stream_app.core.groups.comparison import Reason, State, worst_of
from stream_app.pipeline.judge.verdicts.amounts.comparisons import AmountWindow
from stream_app.pipeline.judge.verdicts.amounts.counts import Labels
from stream_app.pipeline.judge.verdicts.amounts.sentence import SeenOnset, describe_amounts
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.amounts.amount_results import SCHEMA, AmountResult
from stream_app.pipeline.records.amounts.values import AmountValues
from stream_app.pipeline.records.evidence import Evidence, state_under, strength_of
from stream_app.pipeline.records.results import AND, CROSS, TOTAL_WINDOW, GroupResult
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy

_N_EXPLAINED = 5  # intersections of one window whose cause is worked out


def judge_amounts(
    model: ModelPolicy, window: AmountWindow, evidence: Sequence[tuple[Evidence, ...]], context: WindowContext
) -> list[AmountResult]:
    """Return one result for each attribute, then one for each intersection; of running totals the former alone.

    Args:
        model: Its policy, of kind ``amounts``.
        window: Its amounts, compared.
        evidence: Of the tests of each pair.
        context: What is known of the window beside its cells.
    """
    return list(_AmountJudge(model, window, evidence, context).results())


class _AmountJudge:
    """Judges one window; see ``judge_amounts``."""

    def __init__(
        self, model: ModelPolicy, window: AmountWindow, evidence: Sequence[tuple[Evidence, ...]], context: WindowContext
    ) -> None:
        self._model, self._window, self._evidence, self._context = model, window, evidence, context
        pairs = window.pairs
        crossed = [number for number, pair in enumerate(pairs) if len(pair.attributes) > 1]
        self._crossed = crossed if context.span.window != TOTAL_WINDOW else []

    def results(self) -> Iterator[AmountResult]:
        """Return the results of the window."""
        for attribute in self._model.attributes:
            yield self._result((attribute.name,), (attribute.reference or "",), self._groups_of(attribute.name))
        ranked = sorted(self._crossed, key=lambda number: strength_of(self._evidence[number]), reverse=True)
        explained = set(ranked[:_N_EXPLAINED])
        pairs = self._window.pairs
        for attributes, numbers in groupby(self._crossed, key=lambda number: pairs[number].attributes):
            crosses = list(numbers)
            reference = pairs[crosses[0]].reference
            rows = [self._alone(attributes, reference, Reason.REFERENCE)]
            rows += [
                self._row(number, is_explained=number in explained) for number in crosses if self._is_listed(number)
            ]
            yield self._result(attributes, reference, [*rows, *self._undeclared(attributes)])

    def _groups_of(self, attribute: str) -> Iterator[GroupResult]:
        pairs = enumerate(self._window.pairs)
        numbers = {pair.labels[0]: number for number, pair in pairs if pair.attributes == (attribute,)}
        table = self._window.table((attribute,))
        people = table.people()
        for label in table.labels[0]:
            if label in numbers:
                yield self._row(numbers[label], is_explained=True)
            elif label not in (UNKNOWN, OTHER):
                yield self._alone((attribute,), (label,), Reason.REFERENCE)
            elif (label,) in people:
                yield self._alone((attribute,), (label,), Reason.NOT_DECLARED)

    def _is_listed(self, number: int) -> bool:
        """Return whether an intersection is in a result: it has decisions, or is in breach without any."""
        is_breach, _ = strength_of(self._evidence[number])
        return bool(self._window.compared[number].n) or is_breach

    def _undeclared(self, attributes: tuple[str, ...]) -> list[GroupResult]:
        """Return the crosses with unknown or unlisted values: without them a margin would reveal a small one."""
        crosses = self._window.undeclared(attributes)
        return [self._alone(attributes, cross, Reason.NOT_DECLARED) for cross in crosses]

    def _row(self, number: int, *, is_explained: bool) -> GroupResult:
        """Return the row of a declared group."""
        pair, compared, evidence = self._window.pairs[number], self._window.compared[number], self._evidence[number]
        values, state = self._window.values(number), state_under(evidence)
        reason = compared.reason or (Reason.BELOW_MIN_N if self._window.is_few[number] else None)
        row = _row(pair.labels, compared.n, values, reason, state, evidence)
        is_over = values.is_over or values.is_ratio_over is True
        if not is_explained or not (is_over or state in (State.WARNING, State.BREACH)):
            return row
        return self._explained(row, number)

    def _explained(self, row: GroupResult, number: int) -> GroupResult:
        """Return the row with its cause and a sentence."""
        pair, values = self._window.pairs[number], self._window.values(number)
        cause = self._window.cause(pair)
        onsets = [
            SeenOnset(test.onset_s, (test.onset_earliest_s, test.onset_latest_s))
            for test in row.evidence
            if test.state is State.BREACH and test.onset_s is not None
        ]
        onset = min(onsets, key=lambda each: each.at_s, default=None)
        sentence = describe_amounts(self._model, pair, self._window.compared[number], cause, onset)
        return msgspec.structs.replace(row, amounts=msgspec.structs.replace(values, cause=cause), sentence=sentence)

    def _alone(self, attributes: tuple[str, ...], cross: Labels, reason: Reason) -> GroupResult:
        """Return the row of a group that is compared with none."""
        n = self._window.table(attributes).people().get(cross, 0)
        row = _row(cross, n, self._window.values_alone(attributes, cross), reason, None, ())
        is_undeclared = reason is Reason.NOT_DECLARED
        return msgspec.structs.replace(row, share=n / self._window.n) if is_undeclared and n else row

    def _result(self, attributes: tuple[str, ...], reference: Labels, groups: Iterable[GroupResult]) -> AmountResult:
        rows, span = tuple(groups), self._context.span
        decision = self._model.decision
        return AmountResult(
            schema=SCHEMA,
            model=self._model.name,
            attribute=CROSS.join(attributes),
            window=span.window,
            size_s=span.end_s - span.start_s,
            start_s=span.start_s,
            end_s=span.end_s,
            revision=self._context.revision,
            reference=AND.join(reference),
            n=sum(group.n for group in rows),
            state=worst_of(group.state for group in rows),
            groups=rows,
            offsets=self._context.offsets,
            policy_hash=self._context.policy_hash,
            code_version=__version__,
            favorable="high" if decision is not None and decision.favorable == "high" else "low",
            max_mean_difference=self._window.limit,
            min_mean_ratio=msgspec.UNSET if self._window.least_ratio is None else self._window.least_ratio,
        )


def _row(
    labels: Labels,
    n: int,
    values: AmountValues,
    reason: Reason | None,
    state: State | None,
    evidence: tuple[Evidence, ...],
) -> GroupResult:
    return GroupResult(
        group=AND.join(labels),
        labels=labels,
        n=n,
        favorable=0,
        rate=None,
        disparate_impact_ratio=None,
        gap=None,
        rate_bounds=None,
        ratio_bounds=None,
        gap_bounds=None,
        reason=reason,
        state=state,
        rules=(),
        evidence=evidence,
        shortfall=None,
        amounts=values,
    )
