"""The audit log as text."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stream_app.core.audit.entries import Entry
from stream_app.programs.audit.recheck import RecordReport
from stream_app.programs.audit.verify import Report, Verdict


def describe_entry(entry: Entry) -> str:
    """Return an entry in one line."""
    data = msgspec.json.encode(entry.data).decode()
    return f"{entry.seq:>7}  {entry.ts}  {entry.type:<16}  {entry.actor}  {data}"


def describe_report(origin: str, report: Report) -> str:
    """Return the result of a verification in one or two sentences."""
    what = f"{report.n_entries:,} entries and {report.n_checkpoints:,} checkpoint{'s' * (report.n_checkpoints != 1)}"
    torn = f" An entry of {report.n_torn} bytes is torn: it was never acknowledged." if report.n_torn else ""
    if report.verdict is Verdict.RIGHT:
        return f"RIGHT: {origin} has {what}; every entry is under a checkpoint.{torn}"
    if report.verdict is Verdict.UNSIGNED:
        n = report.n_entries - report.n_signed
        newest = "its newest entry is" if n == 1 else f"its newest {n:,} entries are"
        return f"RIGHT, NOT SIGNED: {origin} has {what}; {newest} under none. Run: fairstream audit anchor.{torn}"
    if report.verdict is Verdict.CUT:
        return f"CUT: {origin} has {report.n_entries:,} entries, and {report.reason}."
    place = f" ({report.place})" if report.place else ""
    return f"TAMPERED: entry {report.first_bad}{place} of {origin} is not what was written: {report.reason}."


def describe_records(report: RecordReport) -> str:
    """Return the result of a comparison of topics, a line for each that differs."""
    expired = f" {report.n_expired:,} more are no longer retained." if report.n_expired else ""
    if not report.differing:
        return f"RECORDS RIGHT: {report.n_blocks:,} blocks of records are what they were.{expired}"
    return "\n".join([f"RECORDS DIFFER: {line}." for line in report.differing])


def describe_counts(counts: Mapping[str, int]) -> str:
    """Return numbers of entries by type.

    >>> describe_counts({"records": 1200, "alert": 2}), describe_counts({})
    ('1,200 records, 2 alert', 'none')
    """
    return ", ".join(f"{n:,} {kind}" for kind, n in counts.items()) or "none"
