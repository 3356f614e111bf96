"""The tables of a bundle, each made of what one command printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stream_app.core.inspection.retention import days
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.reports.evidence import EvidenceKind, Gathered, records_of
from stream_app.pipeline.reports.pack import TableKind
from stream_app.render.charts import time_label
from stream_app.render.escaping import escape
from stream_app.render.html_table import number_text, share_text, write_table

_MAX_ROWS = 60
WITHHELD = "withheld"
_NO_RATIO = {
    "undeclared": "not in policy",
    "hidden": WITHHELD,
    "no_decisions": "no decisions",
    "highest_rate_zero": "undefined",
}

Record = dict[str, Any]
Rows = Sequence[Sequence[str]]


def write_tables(kind: TableKind, gathered: Gathered) -> str:
    """Write the tables of a kind as HTML, with the command that prints their numbers; a reason where there is none."""
    evidence_kind, write = _TABLES[kind]
    evidence = gathered[evidence_kind]
    if evidence.fault:
        return f'<p class="none">No evidence: {escape(evidence.fault)}</p>{_command(evidence.command)}'
    written = "".join(write(gathered))
    again = "printed again by" if evidence.is_reproduced else "as it was when this report was made; printed by"
    return (written or '<p class="none">Nothing in this time range.</p>') + _command(evidence.command, again)


def _command(command: str, what: str = "tried by") -> str:
    return f'<p class="command">{what}: <code>{escape(command)}</code></p>'


def _selection(gathered: Gathered) -> Iterator[str]:
    yield from _selection_tables(gathered, is_cross=False)


def _intersections(gathered: Gathered) -> Iterator[str]:
    yield from _selection_tables(gathered, is_cross=True)


def _selection_tables(gathered: Gathered, *, is_cross: bool) -> Iterator[str]:
    head = ("category", "n:decisions", "n:selected", "n:selection rate", "n:share of the data", "n:impact ratio")
    for table in _group_tables(gathered):
        if (CROSS in table["attribute"]) != is_cross:
            continue
        rows = [
            (
                _label(group["group"]),
                number_text(group["n"], WITHHELD),
                number_text(group["favorable"], WITHHELD),
                share_text(group["rate"], _missing(group)),
                share_text(group["share"], "" if group["no_impact_ratio"] == "undeclared" else _missing(group)),
                _impact(group, table),
            )
            for group in table["groups"]
        ]
        yield f"<h3>{escape(table['attribute'].replace(CROSS, ' and '))}</h3>" + write_table(head, rows)
        yield f'<p class="note">{escape(_note(table))}</p>'


def _pairs(gathered: Gathered) -> Iterator[str]:
    head = ("group", "n:decisions", "n:rate", "n:ratio", "w:95% interval", "n:gap", "w:95% interval")
    for table in _group_tables(gathered):
        if CROSS in table["attribute"]:
            continue
        rows = [
            (
                _label(group["group"]),
                number_text(group["n"], WITHHELD),
                share_text(group["rate"], _missing(group)),
                share_text(group["ratio"], _beside(group, table)),
                _ends(group["ratio_bounds"]),
                share_text(group["gap"], _beside(group, table), sign="+"),
                _ends(group["gap_bounds"]),
            )
            for group in table["groups"]
        ]
        title = f"{table['attribute']}, beside {table['reference']}"
        yield f"<h3>{escape(title)}</h3>" + write_table(head, rows)


def _counted(gathered: Gathered) -> Iterator[str]:
    for facts in records_of(gathered, "counts")[:1]:
        yield write_table(
            ("", ""),
            [
                ("model", facts["model"]),
                ("topic", f"{facts['topic']} ({facts['source']})"),
                ("from", _time(facts["from_s"], "beginning of the log")),
                ("to (excluded)", _time(facts["to_s"], "end of the log")),
                ("decisions counted", number_text(facts["n_in_range"], WITHHELD)),
                ("fewest decisions about which anything is shown (k)", str(facts["k"])),
                ("later records can change the counts", "no" if facts["is_final"] else "yes"),
                ("policy hash", facts["policy_hash"]),
            ],
        )


def _alerts(gathered: Gathered) -> Iterator[str]:
    head = ("w:time", "change", "group", "test", "n:decisions", "n:ratio", "n:gap")
    records = [record for record in records_of(gathered, "alerts") if "change" in record]
    if records:
        yield write_table(head, [_alert_row(record) for record in records[:_MAX_ROWS]])
    if len(records) > _MAX_ROWS:
        yield f'<p class="note">And {len(records) - _MAX_ROWS:,} more in report.json.</p>'


def _alert_row(record: Record) -> Sequence[str]:
    time = _time(record["at_s"], "")
    if "test" not in record:
        return time, record["change"], "sealed", "", WITHHELD, WITHHELD, WITHHELD
    missing = WITHHELD if record["is_hidden"] else "undefined"
    return (
        time,
        record["change"],
        f"{record['attribute']}: {_label(record['group'])}",
        record["test"].replace("_", " "),
        number_text(record["n"], missing),
        share_text(record["disparate_impact_ratio"], missing),
        share_text(record["gap"], missing, sign="+"),
    )


def _policy(gathered: Gathered) -> Iterator[str]:
    for record in records_of(gathered, "policy")[:1]:
        rows = [("policy", record["policy"]), ("hash of the file", record["hash"])]
        rows += [(f"hash of {name}", value) for name, value in record["model_hashes"].items()]
        yield write_table(("", ""), rows)


def _topics(gathered: Gathered) -> Iterator[str]:
    rows = [
        (record["name"], record["contents"], _declared(record["config"])) for record in records_of(gathered, "topics")
    ]
    if rows:
        yield write_table(("topic", "what it records", "n:kept, as declared"), rows)


def _declared(config: dict[str, str]) -> str:
    return days(int(config["retention.ms"])) if "retention.ms" in config else "newest of each key"


def _retention(gathered: Gathered) -> Iterator[str]:
    rows = [
        (record["topic"], _kept(record["kept_ms"]), record["verdict"], record["reason"] or record["note"])
        for record in records_of(gathered, "retention")
    ]
    if rows:
        yield write_table(("topic", "n:kept", "verdict", "reason"), rows)


def _kept(kept_ms: int | None) -> str:
    return "missing" if kept_ms is None else "forever" if kept_ms < 0 else days(kept_ms)


def _keys(gathered: Gathered) -> Iterator[str]:
    rows = [
        (record["kid"], record["state"], _age(record.get("age_s")), record["fingerprint"])
        for record in records_of(gathered, "keys")
    ]
    if rows:
        yield write_table(("key", "state", "n:age in days", "fingerprint"), rows)


def _age(age_s: int | None) -> str:
    return "not known" if age_s is None else f"{age_s // 86_400:,}"


def _audit(gathered: Gathered) -> Iterator[str]:
    for record in records_of(gathered, "audit")[:1]:
        rows = [
            ("log", record["origin"]),
            ("verdict", record["verdict"]),
            ("entries", number_text(record["n_entries"])),
            ("under a signed checkpoint", number_text(record["n_signed"])),
            ("checkpoints", number_text(record["n_checkpoints"])),
        ]
        yield write_table(("", ""), rows)


def _audit_entries(gathered: Gathered) -> Iterator[str]:
    rows = [
        (record["type"], number_text(record["n"]), record["first"], record["last"])
        for record in records_of(gathered, "audit-entries")
    ]
    if rows:
        yield write_table(("entries of type", "n:number", "w:first", "w:last"), rows)


def _checklist(gathered: Gathered) -> Iterator[str]:
    rows = [(record["title"], record["state"], record["text"]) for record in records_of(gathered, "checklist")]
    if rows:
        yield write_table(("item", "state", "what is known"), rows)


def _group_tables(gathered: Gathered) -> Sequence[Record]:
    return [record for record in records_of(gathered, "counts") if "groups" in record]


def _impact(group: Record, table: Record) -> str:
    why = group["no_impact_ratio"]
    if why == "excluded":
        return f"excluded: below {table['exclude_below']:g}"
    return _NO_RATIO[why] if why else share_text(group["impact_ratio"])


def _missing(group: Record) -> str:
    return WITHHELD if group["hidden"] else "undefined"


def _beside(group: Record, table: Record) -> str:
    if group["group"] == table["reference"]:
        return ""
    return WITHHELD if group["hidden"] else "not compared"


def _note(table: Record) -> str:
    highest = table["highest"]
    parts = [f"Highest selection rate: {_label(highest)}." if highest else "No category can be shown."]
    excluded = [_label(group["group"]) for group in table["groups"] if group["no_impact_ratio"] == "excluded"]
    if excluded:
        share = f"{table['exclude_below']:g}"
        parts.append(f"Excluded, with a share of the data below {share}: {', '.join(excluded)}.")
    n_hidden = sum(group["hidden"] is not None for group in table["groups"])
    if n_hidden:
        parts.append(
            f"{n_hidden} categories are withheld: with fewer than {table['k']} decisions, maybe none, or so that "
            "such a category cannot be computed."
        )
    unknown = table["n_undeclared"]
    number = f"{unknown:,}" if unknown is not None else "withheld"
    parts.append(f"Decisions about people of an unknown category, in no impact ratio: {number}.")
    return " ".join(parts)


def _label(group: str) -> str:
    return group.replace("__other__", "other, not in policy")


def _ends(bounds: Record | None) -> str:
    if bounds is None:
        return ""
    upper = "∞" if bounds["upper"] is None else f"{bounds['upper']:.4f}"
    return f"{bounds['lower']:.4f} to {upper}"


def _time(time_s: float | None, missing: str) -> str:
    return missing if time_s is None else time_label(int(time_s))


_TABLES: dict[TableKind, tuple[EvidenceKind, Callable[[Gathered], Iterator[str]]]] = {
    "selection": ("counts", _selection),
    "intersections": ("counts", _intersections),
    "pairs": ("counts", _pairs),
    "counted": ("counts", _counted),
    "alerts": ("alerts", _alerts),
    "policy": ("policy", _policy),
    "topics": ("topics", _topics),
    "retention": ("retention", _retention),
    "keys": ("keys", _keys),
    "audit": ("audit", _audit),
    "audit-entries": ("audit-entries", _audit_entries),
    "checklist": ("checklist", _checklist),
}
