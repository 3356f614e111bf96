"""Rows of a CSV file of hiring decisions, and the events that the policy makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from producers.event import Event
from producers.recorded.csv_file import CsvFile, RejectedRow
from producers.recorded.row_mapping import CellFormat, RowMapper, map_rows
from producers.timeline import Timeline
from stream_app.policy import ModelPolicy, parse_policy

HIRING = """
schema = 1
[[models]]
name = "hiring"
topic = "hiring-raw"
event_id = { path = "case.id", link_domain = "case", canonical = "integer" }
identifiers = [{ path = "applicant.email", link_domain = "person", canonical = "email", is_required = false }]
decision = { path = "outcome.hired", favorable = true, unfavorable = [false] }
event_time = { path = "decided_at", format = "FORMAT" }
attributes = [{ name = "sex", path = "applicant.sex", groups = ["f", "m"], reference = "m" }]
segment = { name = "site", path = "site", values = ["a", "b"] }
features = [
    { name = "years", path = "applicant.years", minimum = 0, maximum = 60, scale = 10 },
    { name = "score", path = "score", minimum = 0, maximum = 100, is_required = false },
]
constants = [{ path = "version", values = [2, 3] }]
keep = ["channel"]
drop = ["applicant.name"]
unknown_fields = "drop"
"""
HEADER = "case.id,email,hired,decided_at,sex,site,years,score,version,channel,applicant.name"
GOOD = "7,a@b.c,yes,2026-11-23T16:00:00Z,f,a,3.5,80,2,web,Ada"


def model(time_format: str = "iso8601", text: str = HIRING) -> ModelPolicy:
    """Return the policy of hiring, with a format of times."""
    return parse_policy(text.replace("FORMAT", time_format)).models[0]


def csv_file(tmp_path: Path, content: str | bytes, **flags: Any) -> CsvFile:
    """Write a file and open it."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CsvFile(path, **flags)


def convert(
    file: CsvFile,
    policy: ModelPolicy | None = None,
    *,
    mapping: dict[str, str] | None = None,
    timeline: Timeline | None = None,
    **cells: Any,
) -> tuple[list[Event], list[RejectedRow]]:
    """Return the events of a file and the rows that are rejected."""
    mapper = RowMapper(
        policy or model(), file.columns, mapping=mapping or {}, timeline=timeline, cells=CellFormat(**cells)
    )
    rejections: list[RejectedRow] = []
    return list(map_rows(file, mapper, rejections.append)), rejections


def convert_line(tmp_path: Path, line: str, **options: Any) -> dict[str, Any] | str:
    """Return the record of one row, or the reason why it was refused."""
    events, rejections = convert(csv_file(tmp_path, f"{HEADER}\n{line}\n"), **options)
    return json.loads(events[0].value) if events else rejections[0].reason
