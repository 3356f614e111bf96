"""What a reader of a bundle can do about a check that is not ok."""

from __future__ import annotations

from typing import Literal

from stream_app.pipeline.reports.evidence import Gathered, records_of
from stream_app.pipeline.reports.pack import CheckKind, PackCheck

_ATTENTION: dict[CheckKind, str] = {
    "impact-ratio": "Have a person judge why the rates of these groups differ.",
    "counts-final": "Make this report again once later records have arrived.",
    "open-breaches": "Have a person look at each alert, and record the result in its case.",
    "audit-verifies": "Find out why before you rely on the log: fairstream audit verify",
    "kept-at-least": "Keep these topics longer, or write down why not.",
    "kept-at-most": "Keep these topics for a shorter time, or write down why not.",
    "keys-young": "Rotate the keys: fairstream keys rotate",
    "confirmed": "",
}
_UNKNOWN: dict[CheckKind, str] = {
    "impact-ratio": "Take a longer time range, in which groups have more decisions.",
    "open-breaches": "Check that a worker runs: fairstream doctor",
    "kept-at-least": "Make this report again where Kafka can be reached.",
    "kept-at-most": "Make this report again where Kafka can be reached.",
    "keys-young": "List the keys: fairstream keys list",
}
_LIST_ITEMS = "See the checklist: fairstream checklist all"


def action_of(check: PackCheck, state: Literal["ok", "attention", "unknown"], gathered: Gathered) -> str:
    """Return what to do about a check that is not ok; of items of a checklist, the advice of the list.

    Args:
        check: The check.
        state: Its state.
        gathered: The evidence.
    """
    if check.kind == "confirmed":
        records = records_of(gathered, "checklist")
        advice = [record.get("advice", "") for record in records if record["item"] in check.items]
        return " ".join(f"{text}." for text in advice if text) if records else _LIST_ITEMS
    return _UNKNOWN.get(check.kind, _ATTENTION[check.kind]) if state == "unknown" else _ATTENTION[check.kind]
