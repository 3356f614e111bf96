"""The tables of groups in a bundle: rates, ratios and gaps of each group and intersection, withheld ones without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.reports.evidence import Gathered, records_of
from stream_app.render.escaping import escape
from stream_app.render.html_table import number_text, share_text, write_table

WITHHELD = "withheld"
_NO_RATIO = {
    "undeclared": "not in policy",
    "hidden": WITHHELD,
    "no_decisions": "no decisions",
    "highest_rate_zero": "undefined",
    "excluded": "excluded",
}

_SELECTION = (
    *("category", "n:decisions", "n:selected", "n:selection rate", "w:95% interval", "n:share of the data"),
    "n:impact ratio",
)

Record = dict[str, Any]


def write_selection(gathered: Gathered) -> Iterator[str]:
    """Write selection rates and impact ratios by category of each attribute."""
    yield from _selection_tables(gathered, is_cross=False)


def write_intersections(gathered: Gathered) -> Iterator[str]:
    """Write the same by category of each intersection."""
    yield from _selection_tables(gathered, is_cross=True)


def _selection_tables(gathered: Gathered, *, is_cross: bool) -> Iterator[str]:
    for table in _group_tables(gathered):
        if (CROSS in table["attribute"]) != is_cross:
            continue
        rows = [
            (
                label_of(group["group"]),
                number_text(group["n"], WITHHELD),
                number_text(group["favorable"], WITHHELD),
                share_text(group["rate"], _missing(group)),
                _ends(group["rate_bounds"]),
                share_text(group["share"], "" if group["no_impact_ratio"] == "undeclared" else _missing(group)),
                _impact(group),
            )
            for group in table["groups"]
        ]
        yield f"<h3>{escape(table['attribute'].replace(CROSS, ' and '))}</h3>" + write_table(_SELECTION, rows)
        yield f'<p class="note">{escape(_note(table))}</p>'


def write_pairs(gathered: Gathered) -> Iterator[str]:
    """Write the rate of each group beside the reference group of the policy, with intervals."""
    head = ("group", "n:decisions", "n:rate", "w:95% interval", "n:ratio", "w:95% interval", "n:gap", "w:95% interval")
    for table in _group_tables(gathered):
        if CROSS in table["attribute"]:
            continue
        rows = [
            (
                label_of(group["group"]),
                number_text(group["n"], WITHHELD),
                share_text(group["rate"], _missing(group)),
                _ends(group["rate_bounds"]),
                share_text(group["ratio"], _beside(group, table)),
                _ends(group["ratio_bounds"]),
                share_text(group["gap"], _beside(group, table), sign="+"),
                _ends(group["gap_bounds"]),
            )
            for group in table["groups"]
        ]
        title = f"{table['attribute']}, beside {table['reference']}"
        yield f"<h3>{escape(title)}</h3>" + write_table(head, rows)


def _group_tables(gathered: Gathered) -> Sequence[Record]:
    return [record for record in records_of(gathered, "counts") if "groups" in record]


def _impact(group: Record) -> str:
    why = group["no_impact_ratio"]
    return _NO_RATIO[why] if why else share_text(group["impact_ratio"])


def _missing(group: Record) -> str:
    return WITHHELD if group["hidden"] else "undefined"


def _beside(group: Record, table: Record) -> str:
    if group["group"] == table["reference"]:
        return "reference"
    return WITHHELD if group["hidden"] else "not compared"


def _note(table: Record) -> str:
    highest = table["highest"]
    parts = [f"Highest selection rate: {label_of(highest)}." if highest else "No category can be shown."]
    excluded = [label_of(group["group"]) for group in table["groups"] if group["no_impact_ratio"] == "excluded"]
    if excluded:
        share = f"{table['exclude_below']:g}"
        parts.append(f"Excluded, with a share of the data below {share}: {', '.join(excluded)}.")
    n_hidden = sum(group["hidden"] is not None for group in table["groups"])
    if n_hidden:
        are = "category is" if n_hidden == 1 else "categories are"
        parts.append(
            f"{n_hidden} {are} withheld: with fewer than {table['k']} decisions, maybe none, or so that such a "
            "category cannot be computed."
        )
    unknown = table["n_undeclared"]
    number = f"{unknown:,}" if unknown is not None else "withheld"
    parts.append(f"Decisions about people of an unknown category, in no impact ratio: {number}.")
    return " ".join(parts)


def label_of(group: str) -> str:
    """Return the name of a group; of values that the policy does not list, in words."""
    return group.replace("__other__", "other, not in policy")


def _ends(bounds: Record | None) -> str:
    if bounds is None:
        return ""
    upper = "∞" if bounds["upper"] is None else f"{bounds['upper']:.4f}"
    return f"{bounds['lower']:.4f} to {upper}"
