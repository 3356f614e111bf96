"""The checks of a pack: what evidence says about one question, in one sentence.

A check passes no judgment about the law. ``attention`` means that a person has to look; ``unknown`` means that there is
no evidence to answer the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from stream_app.core.inspection.retention import DAY_MS, days
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.reports.actions import action_of
from stream_app.pipeline.reports.alerts import open_breaches
from stream_app.pipeline.reports.evidence import EvidenceKind, Gathered, records_of
from stream_app.pipeline.reports.pack import CheckKind, PackCheck

CheckState = Literal["ok", "attention", "unknown"]
_DAY_S = 86_400
_MAX_NAMED = 6
_ABOUT: dict[EvidenceKind, str] = {
    "alerts": "alerts",
    "judged": "what was judged",
    "retention": "the retention of topics",
    "keys": "the keys",
    "audit": "the audit log",
}

Record = dict[str, Any]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says.

    Attributes:
        kind: What was checked.
        state: ``ok``, ``attention`` or ``unknown``.
        text: One sentence.
        action: What to do; empty where it is ok.
    """

    kind: CheckKind
    state: CheckState
    text: str
    action: str = ""


def judge_check(check: PackCheck, gathered: Gathered) -> CheckResult:
    """Return what the evidence says about a check."""
    state, text = _CHECKS[check.kind](check, gathered)
    action = "" if state == "ok" else action_of(check, state, gathered)
    return CheckResult(kind=check.kind, state=state, text=text, action=action)


def _impact_ratio(check: PackCheck, gathered: Gathered) -> tuple[CheckState, str]:
    limit = 0.8 if check.limit is None else check.limit
    tables = [record for record in records_of(gathered, "counts") if "groups" in record]
    groups = [(table["attribute"], group) for table in tables for group in table["groups"]]
    n_hidden = sum(group["hidden"] is not None for _, group in groups)
    withheld = f" {n_hidden} {'group is' if n_hidden == 1 else 'groups are'} withheld." if n_hidden else ""
    found = [
        min(ratios)
        for is_cross in (False, True)
        if (
            ratios := [
                (group["impact_ratio"], f"{name} {group['group']}")
                for name, group in groups
                if group["impact_ratio"] is not None and (CROSS in name) == is_cross
            ]
        )
    ]
    if not found:
        return "unknown", f"No impact ratio can be shown.{withheld}"
    (lowest, group), *crossed = found
    text = f"The lowest impact ratio is {lowest:.4f} ({group})"
    text += "".join(f", of intersections {ratio:.4f} ({name})" for ratio, name in crossed)
    state: CheckState = "ok" if min(found)[0] >= limit else "attention"
    return state, f"{text}; the limit is {limit:g}.{withheld}"


def _counts_final(_: PackCheck, gathered: Gathered) -> tuple[CheckState, str]:
    facts = next(iter(records_of(gathered, "counts")), None)
    if facts is None:
        return "unknown", "Nothing was counted."
    if facts["is_final"]:
        return "ok", "Every partition has passed the time range: later records do not change the counts."
    return "attention", "A partition has not passed the time range: later records can change the counts."


def _open_breaches(_: PackCheck, gathered: Gathered) -> tuple[CheckState, str]:
    if "alerts" not in gathered or gathered["alerts"].exit_code != 0:
        return "unknown", _fault(gathered, "alerts")
    opened = {f"{name} {group}" for name, group, _ in open_breaches(records_of(gathered, "alerts"))}
    n_sealed = sum("change" in record and "test" not in record for record in records_of(gathered, "alerts"))
    sealed = f" Sealed alerts, which may be breaches: {n_sealed:,}." if n_sealed else ""
    end = " at the end of the time range" if "counts" in gathered else ""
    doubt = _not_judged_yet(gathered)
    if opened:
        return "attention", f"Breaches without a recovery{end}: {_named(sorted(opened))}.{sealed}{doubt}"
    if not sealed and doubt and not records_of(gathered, "judged"):
        return "unknown", doubt.strip()
    state: CheckState = "attention" if sealed or doubt else "ok"
    return state, f"No breach is without a recovery{end}.{sealed}{doubt}"


def _not_judged_yet(gathered: Gathered) -> str:
    """Return that not all of the time range was judged; empty where it was, or where nothing says until when."""
    if "judged" not in gathered:
        return ""
    ends = [record["end_s"] for record in records_of(gathered, "judged")]
    if not ends:
        return f" No decision of the model was judged: {_fault(gathered, 'judged')}"
    to_s = next((record["to_s"] for record in records_of(gathered, "counts")), None)
    if to_s is None or max(ends) >= to_s:
        return ""
    until = f"{datetime.fromtimestamp(max(ends), UTC):%Y-%m-%d %H:%M:%SZ}"
    return f" Decisions were judged until {until} only: alerts about later ones are missing."


def _audit_verifies(_: PackCheck, gathered: Gathered) -> tuple[CheckState, str]:
    record = next(iter(records_of(gathered, "audit")), None)
    if record is None:
        return "attention", _fault(gathered, "audit")
    n = f"{record['n_entries']:,} entries"
    if record["verdict"] == "right":
        return "ok", f"The audit log verifies: {n}, all under a signed checkpoint."
    if record["verdict"] == "unsigned":
        return "ok", f"The audit log verifies: {n}, the newest under no checkpoint yet."
    return "attention", f"The audit log does not verify: {record['verdict']}, {record['reason']}."


def _kept(check: PackCheck, gathered: Gathered, *, is_least: bool) -> tuple[CheckState, str]:
    limit_ms = (check.days or 1) * DAY_MS
    roles = {record["name"]: record["role"] for record in records_of(gathered, "topics")}
    reports = [
        one for one in records_of(gathered, "retention") if not check.topics or _role(one, roles) in check.topics
    ]
    if not reports:
        return "unknown", _fault(gathered, "retention")
    missing = [one["topic"] for one in reports if one["kept_ms"] is None]
    wrong = [
        f"{one['topic']} ({'forever' if one['kept_ms'] < 0 else days(one['kept_ms'])})"
        for one in reports
        if one["kept_ms"] is not None and _is_wrong(one["kept_ms"], limit_ms, is_least=is_least)
    ]
    bound = f"at {'least' if is_least else 'most'} {check.days} days"
    if wrong or missing:
        gone = f" Missing: {_named(missing)}." if missing else ""
        return "attention", (f"Not kept {bound}: {_named(wrong)}." if wrong else f"Kept {bound}.") + gone
    return "ok", f"Kept {bound}: {_named([one['topic'] for one in reports])}."


def _is_wrong(kept_ms: int, limit_ms: int, *, is_least: bool) -> bool:
    return 0 <= kept_ms < limit_ms if is_least else kept_ms < 0 or kept_ms > limit_ms


def _keys_young(check: PackCheck, gathered: Gathered) -> tuple[CheckState, str]:
    ages = [record.get("age_s") for record in records_of(gathered, "keys") if record["state"] == "active"]
    if not ages:
        return "unknown", _fault(gathered, "keys")
    oldest = max((age for age in ages if age is not None), default=None)
    if oldest is None:
        return "unknown", "The key file does not say when the active key was created."
    limit = check.days or 365
    text = f"The active key of the pseudonyms is {oldest // _DAY_S} days old; the limit is {limit} days."
    return ("ok" if oldest <= limit * _DAY_S else "attention"), text


def _confirmed(check: PackCheck, gathered: Gathered) -> tuple[CheckState, str]:
    items = {record["item"]: record for record in records_of(gathered, "checklist")}
    found = [items[name] for name in check.items if name in items]
    if not found:
        fault = gathered["checklist"].fault if "checklist" in gathered else ""
        about = _named([name.replace("-", " ") for name in check.items])
        return "unknown", f"The checklist says nothing about {about}. {fault}".strip()
    states = {record["state"] for record in found}
    state: CheckState = "attention" if "attention" in states else "unknown" if "unknown" in states else "ok"
    return state, " ".join(f"{record['title']}: {record['text']}" for record in found)


def _role(report: Record, roles: dict[str, str]) -> str | None:
    return roles.get(report["topic"])


def _fault(gathered: Gathered, kind: EvidenceKind) -> str:
    """Return why there is no evidence of a kind."""
    fault = gathered[kind].fault if kind in gathered else ""
    return fault or f"There is no evidence about {_ABOUT.get(kind, 'this')}."


def _named(names: list[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _every() -> Iterator[tuple[CheckKind, Callable[[PackCheck, Gathered], tuple[CheckState, str]]]]:
    yield "impact-ratio", _impact_ratio
    yield "counts-final", _counts_final
    yield "open-breaches", _open_breaches
    yield "audit-verifies", _audit_verifies
    yield "kept-at-least", lambda check, gathered: _kept(check, gathered, is_least=True)
    yield "kept-at-most", lambda check, gathered: _kept(check, gathered, is_least=False)
    yield "keys-young", _keys_young
    yield "confirmed", _confirmed


_CHECKS = dict(_every())
