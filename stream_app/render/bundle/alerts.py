"""The alerts in a bundle: those of the time range, and the breaches that were open when it began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind
from stream_app.pipeline.reports.alerts import open_breaches
from stream_app.pipeline.reports.evidence import Gathered, records_of
from stream_app.render.bundle.groups import WITHHELD, label_of
from stream_app.render.charts import time_label
from stream_app.render.escaping import escape
from stream_app.render.html_table import number_text, share_text, write_table

_MAX_ROWS = 60
_OF_RATES = {test.value for test, kind in KIND_OF_TEST.items() if kind in (LimitKind.RATIO, LimitKind.GAP)}
_HEAD = ("w:time", "change", "group and reference", "test", "n:decisions", "n:of reference", "n:ratio", "n:gap")

Record = dict[str, Any]


def write_alerts(gathered: Gathered) -> Iterator[str]:
    """Write the breaches that were open when the time range began, then the alerts of the range."""
    from_s = next((facts["from_s"] for facts in records_of(gathered, "counts")), None)
    changes = [record for record in records_of(gathered, "alerts") if "change" in record]
    before = [] if from_s is None else list(open_breaches(changes, from_s).values())
    within = [record for record in changes if from_s is None or record["at_s"] >= from_s]
    for title, records in (
        ("Breaches that were open when the time range began", before),
        ("Alerts of the time range", within),
    ):
        if records:
            yield f"<h3>{title}</h3>{write_table(_HEAD, [_row(record) for record in records[:_MAX_ROWS]])}"
            yield _sentences(records[:_MAX_ROWS])
        if len(records) > _MAX_ROWS:
            yield f'<p class="note">And {len(records) - _MAX_ROWS:,} more in report.json.</p>'


def _row(record: Record) -> Sequence[str]:
    time = time_label(int(record["at_s"]))
    if "test" not in record:
        return time, record["change"], "sealed", "", *[WITHHELD] * 4
    missing = WITHHELD if record["is_hidden"] else "undefined"
    reference = f" vs. {record['reference']}" if record.get("reference") else ""
    is_of_rates = record["test"] in _OF_RATES
    values = ("disparate_impact_ratio", ""), ("gap", "+")
    return (
        time,
        record["change"],
        f"{record['attribute']}: {label_of(record['group'])}{reference}",
        record["test"].replace("_", " "),
        number_text(record["n"], missing),
        number_text(record.get("n_reference"), missing),
        *(share_text(record[name], missing, sign=sign) if is_of_rates else "" for name, sign in values),
    )


def _sentences(records: Sequence[Record]) -> str:
    """Write what each alert says in words: with its limit, its estimated onset and its cause."""
    items = [
        f"<li>{escape(time_label(int(record['at_s'])))}: {escape(record['sentence'])}</li>"
        for record in records
        if record.get("sentence")
    ]
    return f'<ul class="note">{"".join(items)}</ul>' if items else ""
