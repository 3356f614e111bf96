"""What is wrong with how long topics keep records, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

from stream_app.core.inspection.retention import days
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.policies.retention import MAX_DAYS, findings

_MOST_SHOWN = 100
_CSS = {"too long": "breach", "unlimited": "breach", "too short": "warning"}


class RetentionRow(NamedTuple):
    """A topic that keeps records too long, forever, or not long enough."""

    topic: str
    verdict: str
    css: str
    kept: str
    reason: str


def retention_content() -> dict[str, Any]:
    """Return what the page shows."""
    found = findings()
    rows = [
        RetentionRow(
            topic=report.topic,
            verdict=report.verdict,
            css=_CSS[report.verdict],
            kept="forever" if report.kept_ms is None or report.kept_ms < 0 else days(report.kept_ms),
            reason=report.reason,
        )
        for report in found.flagged[:_MOST_SHOWN]
    ]
    return {
        "retention": rows,
        "retention_at": utc_text(found.at_s) if found.at_s else "",
        "retention_fault": found.fault,
        "n_retention_more": len(found.flagged) - len(rows),
        "n_right": found.n_right,
        "n_missing": found.n_missing,
        "most_days": MAX_DAYS,
    }
