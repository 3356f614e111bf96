"""The tables of a bundle, each made of what one command printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from stream_app.core.inspection.retention import days
from stream_app.pipeline.reports.evidence import EvidenceKind, Gathered, records_of
from stream_app.pipeline.reports.pack import TableKind
from stream_app.render.bundle.alerts import write_alerts
from stream_app.render.bundle.groups import WITHHELD, write_intersections, write_pairs, write_selection
from stream_app.render.charts import time_label
from stream_app.render.escaping import escape
from stream_app.render.html_table import number_text, write_table

_NOTHING: dict[TableKind, str] = {
    "intersections": "The policy has one attribute, so there are no intersections.",
    "alerts": "No alert was raised in this time range, and no breach was open when it began.",
    "audit-entries": "The audit log has no entry of this time range.",
}
_VERDICTS = {"right": "verifies", "unsigned": "verifies; the newest entries are under no checkpoint yet"}


def write_tables(kind: TableKind, gathered: Gathered, numbers: Mapping[EvidenceKind, int]) -> str:
    """Write the tables of a kind as HTML, and say which command prints their numbers; a reason where there are none.

    Args:
        kind: The kind.
        gathered: The evidence.
        numbers: The number of the command of each kind of evidence.
    """
    evidence_kind, write = _TABLES[kind]
    evidence, number = gathered[evidence_kind], numbers[evidence_kind]
    if evidence.fault:
        return f'<p class="none">No evidence: {escape(evidence.fault)}</p>' + _command(number, "Try it with")
    written = "".join(write(gathered))
    again = "Printed again by" if evidence.is_reproduced else "As it was when this report was made; printed by"
    return (written or f'<p class="none">{_NOTHING.get(kind, "Nothing.")}</p>') + _command(number, again)


def _command(number: int, what: str) -> str:
    return f'<p class="command">{what} <a href="#command-{number}">command {number}</a>, under Provenance.</p>'


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


def _policy(gathered: Gathered) -> Iterator[str]:
    for record in records_of(gathered, "policy")[:1]:
        name = next((facts["model"] for facts in records_of(gathered, "counts")), "")
        rows = [("policy", record["policy"]), ("hash of the file", record["hash"])]
        rows += [(f"hash of {model}", value) for model, value in record["model_hashes"].items() if name in (model, "")]
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
        yield write_table(("topic", "n:kept", "limit of the policy", "reason"), rows)


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
            ("result", _VERDICTS.get(record["verdict"], record["verdict"])),
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
        yield write_table(("item", "w:state", "what is known"), rows)


def _time(time_s: float | None, missing: str) -> str:
    return missing if time_s is None else time_label(int(time_s))


_TABLES: dict[TableKind, tuple[EvidenceKind, Callable[[Gathered], Iterator[str]]]] = {
    "selection": ("counts", write_selection),
    "intersections": ("counts", write_intersections),
    "pairs": ("counts", write_pairs),
    "counted": ("counts", _counted),
    "alerts": ("alerts", write_alerts),
    "policy": ("policy", _policy),
    "topics": ("topics", _topics),
    "retention": ("retention", _retention),
    "keys": ("keys", _keys),
    "audit": ("audit", _audit),
    "audit-entries": ("audit-entries", _audit_entries),
    "checklist": ("checklist", _checklist),
}
