"""The command behind each kind of evidence, and which of them a pack needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stream_app.cli.own_commands import OwnCommands
from stream_app.errors import ReplayError
from stream_app.pipeline.reports.evidence import Evidence, EvidenceKind, Gathered
from stream_app.pipeline.reports.pack import CheckKind, Pack, TableKind

# What a table or a check is made of.
_OF_TABLE: dict[TableKind, tuple[EvidenceKind, ...]] = {
    "selection": ("counts",),
    "intersections": ("counts",),
    "pairs": ("counts",),
    "counted": ("counts",),
    "alerts": ("counts", "alerts"),
    "policy": ("counts", "policy"),
    "topics": ("topics",),
    "retention": ("topics", "retention"),
    "keys": ("keys",),
    "audit": ("audit",),
    "audit-entries": ("audit-entries",),
    "checklist": ("checklist",),
}
_OF_CHECK: dict[CheckKind, tuple[EvidenceKind, ...]] = {
    "impact-ratio": ("counts",),
    "counts-final": ("counts",),
    "open-breaches": ("counts", "alerts", "judged"),
    "audit-verifies": ("audit",),
    "kept-at-least": ("topics", "retention"),
    "kept-at-most": ("topics", "retention"),
    "keys-young": ("keys",),
    "confirmed": ("checklist",),
}


@dataclass(frozen=True)
class Subject:
    """What a bundle is about.

    Attributes:
        policy: Name or path of the policy, as it was given.
        model: Name of the model.
        attribute: Name of one of its attributes.
        from_: Start of the time range, ISO 8601.
        to: Its end.
        is_published: Whether the published events are counted, not the raw records.
    """

    policy: str
    model: str
    attribute: str
    from_: str
    to: str
    is_published: bool

    def words(self) -> list[str]:
        """Return the flags that say what is counted."""
        source = ["--published"] if self.is_published else ["--from-raw"]
        return ["--policy", self.policy, "--model", self.model, "--from", self.from_, "--to", self.to, *source]

    def flags(self) -> dict[str, str]:
        """Return the policy and the model as flags."""
        return {"--policy": self.policy, "--model": self.model}


def gather_evidence(pack: Pack, subject: Subject, own: OwnCommands) -> Gathered:
    """Run the commands that a pack needs.

    Raises:
        ReplayError: the numbers of the time range could not be counted.
    """
    kinds = {kind for table in pack.tables() for kind in _OF_TABLE[table]}
    kinds |= {kind for check in pack.checks() for kind in _OF_CHECK[check.kind]}
    gathered = {kind: own.gather(kind, words(pack, subject)) for kind, words in _COMMANDS.items() if kind in kinds}
    _require(gathered.values(), "counts")
    return gathered


def _require(every: Iterable[Evidence], kind: EvidenceKind) -> None:
    for evidence in every:
        if evidence.kind == kind and evidence.exit_code != 0:
            raise ReplayError(evidence.fault, action=f"Try it with: {evidence.command}")


def _counts(pack: Pack, subject: Subject) -> list[str]:
    words = ["replay", "count", *subject.words()]
    return words + (["--exclude-below", f"{pack.exclude_below:g}"] if pack.exclude_below else [])


def _alerts(_: Pack, subject: Subject) -> list[str]:
    """Return the command that lists alerts up to the end of the range: those before it show what was open."""
    return ["alerts", "list", *_of_model(subject), "--to", subject.to, "--last", "0"]


def _judged(_: Pack, subject: Subject) -> list[str]:
    """Return the command that says until when decisions were judged: one record, that of the running totals."""
    totals = ["--attribute", subject.attribute, "--window", "total", "--last", "1"]
    return ["results", *_of_model(subject), *totals]


def _of_model(subject: Subject) -> list[str]:
    return ["--policy", subject.policy, "--model", subject.model]


_COMMANDS: dict[EvidenceKind, Callable[[Pack, Subject], list[str]]] = {
    "counts": _counts,
    "alerts": _alerts,
    "judged": _judged,
    "policy": lambda _, subject: ["policy", "check", "--policy", subject.policy],
    "topics": lambda _, subject: ["topics", "list", *_of_model(subject)],
    "retention": lambda _, subject: ["privacy", "retention", *_of_model(subject)],
    "keys": lambda *_: ["keys", "list"],
    "audit": lambda *_: ["audit", "verify"],
    "audit-entries": lambda _, subject: ["audit", "count", "--from", subject.from_, "--to", subject.to],
    "checklist": lambda _, subject: ["checklist", "all", *_of_model(subject)],
}
