"""Amounts in words and numbers: one row of a table for each group."""

from __future__ import annotations

from typing import NamedTuple

from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.amounts.words import ratio_limits
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.policy import Decision, ModelPolicy, Rules
from stream_app.web_app.pages.parts.amounts import (
    amounts_of,
    limit_of_means,
    measured_text,
    ratio_text,
)
from stream_app.web_app.pages.verdict_rows import StateText, groups_of, rules_of, standing_of

_MEDIAN, _NINE_TENTHS = 0.5, 0.9
_NOTHING = DisclosedAmounts(mean=Measured(None))


class AmountRow(NamedTuple):
    """The amounts of one group of a result; empty where they are suppressed."""

    group: str
    state: StateText
    n: str
    mean: str
    difference: str
    ratio: str
    median: str
    nine_tenths: str
    note: str


def amount_rows(result: DisclosedResult, *, most: int | None = None) -> list[AmountRow]:
    """Return a row for each group of a result, or the worst ones of an intersection."""
    rules = rules_of(result.model)
    return [_row(group, result, rules) for group in groups_of(result, most)]


def amount_notes(model: ModelPolicy) -> str:
    """Say how the values of a model are read, and what the limit is."""
    decision = model.decision
    name = decision.name if isinstance(decision, Decision) else "amount"
    good = "" if decision is None else f" A {decision.favorable} {name} is good for people."
    limit = f"{limit_of_means(model.rules):g}"
    least = model.rules.min_mean_ratio
    ratio = "" if least is None else f" Ratio: mean of a group / that of the reference; limit {ratio_limits(least)}."
    return f"Difference: mean {name} of a group less that of the reference; limit ±{limit}.{ratio}{good}"


def _row(group: DisclosedGroup, result: DisclosedResult, rules: Rules | None) -> AmountRow:
    standing, amounts, limit = standing_of(group, result, rules), amounts_of(group) or _NOTHING, limit_of_means(rules)
    quantiles = {quantile.q: quantile.value for quantile in amounts.quantiles}
    return AmountRow(
        group=group.group,
        state=standing.state,
        n=standing.n,
        mean=measured_text(amounts.mean, limit),
        difference=measured_text(amounts.difference, limit, is_signed=True),
        ratio=ratio_text(amounts.ratio),
        median=measured_text(quantiles.get(_MEDIAN), limit),
        nine_tenths=measured_text(quantiles.get(_NINE_TENTHS), limit),
        note=standing.note,
    )
