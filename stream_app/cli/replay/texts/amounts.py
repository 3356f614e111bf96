"""The groups that ``fairstream replay count`` counts where the decision is an amount, as a listing."""

from __future__ import annotations

from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.pipeline.disclosure.amounts.words import shown_amount
from stream_app.pipeline.disclosure.rules import WITHHELD
from stream_app.pipeline.disclosure.wording import withheld_words
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.replay.tables.amount_table import AmountGroup, AmountGroupTable

_COLUMNS = (
    Column("group", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("n", "mean", "95%", "difference", "95%", "median", "90% below")),
)


def list_amounts(table: AmountGroupTable) -> Listing:
    """List the groups of a table, with the intervals of mean and difference."""
    limit = table.max_mean_difference
    title = f"{table.attribute} (reference: {table.reference}; limit: {shown_amount(limit, limit)})"
    captions = ["Difference: mean of a group less that of the reference, with its interval for a single look."]
    if table.n_undeclared is None:
        captions.append("Decisions whose group is unknown or not in the policy: withheld")
    elif table.n_undeclared:
        captions.append(f"Decisions whose group is unknown or not in the policy: {table.n_undeclared:,}")
    if withheld := [group.group for group in table.groups if group.hidden == WITHHELD]:
        captions.append(f"{', '.join(withheld)}: {withheld_words(table.k)}")
    return Listing(title, _COLUMNS, [Section([_cells(group, limit) for group in table.groups], "", [])], captions)


def _cells(group: AmountGroup, limit: float) -> list[Cell]:
    if group.n is None:
        return [group.group, *["withheld"] * 2, "", "withheld", "", *["withheld"] * 2]
    if group.amounts is None:
        return [group.group, f"{group.n:,}", *[""] * 6]
    amounts = group.amounts
    return [
        group.group,
        f"{group.n:,}",
        _value(amounts.mean, limit),
        _interval(amounts.mean, limit),
        _value(amounts.difference, limit, is_signed=True),
        _interval(amounts.difference, limit),
        *(_value(quantile.value, limit) for quantile in amounts.quantiles),
    ]


def _value(value: Measured | None, limit: float, *, is_signed: bool = False) -> str:
    return "" if value is None or value.value is None else shown_amount(value.value, limit, is_signed=is_signed)


def _interval(value: Measured | None, limit: float) -> str:
    if value is None or value.lower is None or value.upper is None:
        return ""
    return f"{shown_amount(value.lower, limit)} to {shown_amount(value.upper, limit)}"
