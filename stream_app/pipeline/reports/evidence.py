"""Evidence: what a command of FairStream printed as JSON, with the command, so that a reader can print it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

EvidenceKind = Literal[
    "counts", "alerts", "judged", "policy", "topics", "retention", "keys", "audit", "audit-entries", "checklist"
]
# What does not change when it is printed again later; all else describes the system at the time of the report.
REPRODUCED: frozenset[EvidenceKind] = frozenset({"counts", "alerts", "judged", "policy", "topics", "audit-entries"})


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one command printed.

    Attributes:
        kind: What it is about.
        command: The command, as a shell takes it.
        is_reproduced: Whether it prints the same later; else it describes the system when the report was made.
        exit_code: How the command ended; None where it could not run.
        fault: Why it could not run; empty otherwise.
        records: Its lines.
    """

    kind: EvidenceKind
    command: str
    is_reproduced: bool
    exit_code: int | None
    fault: str = ""
    records: tuple[dict[str, Any], ...] = ()


Gathered = Mapping[EvidenceKind, Evidence]


def records_of(gathered: Gathered, kind: EvidenceKind) -> tuple[dict[str, Any], ...]:
    """Return the records of a kind; none where there is no such evidence."""
    return gathered[kind].records if kind in gathered else ()
