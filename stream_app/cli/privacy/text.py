"""Prints an inspection: a row for each field with personal data, most severe first, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_listing
from stream_app.core.inspection.inspection import InspectedField

_COLUMNS = (
    Column("field", is_head=True, is_text=True),
    Column("kind"),
    Column("severity", is_number=True),
    Column("confidence", is_number=True),
    Column("evidence", is_text=True),
    Column("handling", is_text=True),
)


class InspectionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Summary of an inspection.

    Attributes:
        n_records: Records that were read; 0 for a schema.
        n_unreadable: Records that could not be read.
        n_fields: Fields that were inspected.
        n_values_left_out: Values that were not inspected: of too many fields, or nested or encoded too deeply.
        n_personal: Fields with personal data.
        n_unhandled: Those of severity 3 or 4 that the policy does not handle.
    """

    n_records: int
    n_unreadable: int
    n_fields: int
    n_values_left_out: int
    n_personal: int
    n_unhandled: int


def print_inspection(
    source: str, summary: InspectionFacts, fields: Sequence[InspectedField], *, has_policy: bool
) -> None:
    """Print one row for each field, and a summary."""
    if fields:
        captions = [] if has_policy else ["No policy was given (--policy), so nothing is handled."]
        rows = [_row(field) for field in fields]
        print_listing(Listing(f"Personal data in {source}", _COLUMNS, [Section(rows)], captions))
    what = f"{summary.n_records:,} records" if summary.n_records else "a schema"
    unreadable = f" ({summary.n_unreadable:,} could not be read)" if summary.n_unreadable else ""
    facts.print(
        f"{summary.n_personal} of {summary.n_fields} fields of {what}{unreadable} have personal data; "
        f"{summary.n_unhandled} severe ones are not handled.",
        markup=False,
    )
    if summary.n_values_left_out:
        why = "too many fields, or nested or encoded too deeply"
        facts.print(f"{summary.n_values_left_out:,} values were not inspected: {why}.", markup=False)


def _row(field: InspectedField) -> tuple[str, ...]:
    handling = field.handling or f"none: {field.action}"
    evidence = ", ".join(field.evidence)
    return field.path, field.kind, str(field.severity), f"{field.confidence:.2f}", evidence, handling
