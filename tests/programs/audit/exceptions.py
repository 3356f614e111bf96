"""Findings that are accepted: each for a reason, and until a day, after which the audit fails until someone decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from tests.programs.audit.findings import Finding

MAX_DAYS = 370  # from the decision to the last day: nothing is accepted for longer without another look


class AuditException(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One decision.

    Attributes:
        id: Id of the vulnerability or of the check of bandit; an alias is enough.
        where: Files of the repository, or packages without version, to which it applies; ``*`` stands for anything.
        reason: Why it is accepted.
        decided: Day of the decision.
        expires: Last day on which it is accepted.
    """

    id: str
    where: tuple[str, ...]
    reason: str
    decided: dt.date
    expires: dt.date

    def covers(self, finding: Finding) -> bool:
        """Return whether it is about a finding."""
        return any(self.covers_in(finding, where) for where in self.where)

    def covers_in(self, finding: Finding, where: str) -> bool:
        """Return whether it is about a finding by one of its places."""
        return self.id in {finding.id, *finding.aliases} and fnmatchcase(finding.where.split(" ")[0], where)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exception: tuple[AuditException, ...] = ()


def read_exceptions(path: Path) -> tuple[AuditException, ...]:
    """Read the file.

    Raises:
        msgspec.ValidationError: it is not of the format.
    """
    return msgspec.toml.decode(path.read_bytes(), type=_File).exception


def judge(findings: Iterable[Finding], exceptions: Iterable[AuditException], today: dt.date) -> list[str]:
    """Return what keeps the audit from passing, each in one line; empty if it passes.

    An exception that nothing needs any more fails as well, so that the file says what is accepted, and no more.
    """
    findings, exceptions = list(findings), list(exceptions)
    problems = []
    for one in exceptions:
        about = f"{one.id} ({', '.join(one.where)})"
        if not one.reason.strip():
            problems.append(f"exception without a reason: {about}")
        if not one.decided <= one.expires <= one.decided + dt.timedelta(days=MAX_DAYS):
            problems.append(f"exception for more than {MAX_DAYS} days, or that ends before its decision: {about}")
        if one.decided > today:
            problems.append(f"exception decided in the future: {about}")
        if today > one.expires:
            problems.append(f"exception expired on {one.expires}, decide again: {about}")
        unused = [where for where in one.where if not any(one.covers_in(finding, where) for finding in findings)]
        problems += [f"exception that nothing needs: {one.id} in {where}" for where in unused]
    open_findings = [finding for finding in findings if not any(one.covers(finding) for one in exceptions)]
    return problems + [f"{finding.id} in {finding.where}, {finding.text}" for finding in open_findings]
