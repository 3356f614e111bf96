"""What happens to replays, in the audit log; of those of a case also among the events of the case.

The entry of a person's or program's action is written before the action is committed: without it there is no action.
The end of a replay is not delayed by the log.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from stream_app.web_app.cases.models import CaseEvent
from stream_app.web_app.cases.trail import append_pending, record
from stream_app.web_app.host import audit_trail
from stream_app.web_app.host.audit_trail import AuditRejectedError
from stream_app.web_app.replays.models import Kind, Replay, ReplayStatus


def note_action(replay: Replay, action: str, at_s: int, by: dict[str, Any]) -> None:
    """Write that somebody has started or canceled a replay; to be called in the transaction of the action.

    Args:
        replay: The replay.
        action: ``started`` or ``canceled``.
        at_s: When.
        by: Who: ``by_user`` or ``by_token``.

    Raises:
        AuditRejectedError: the audit log accepts no entry.
    """
    audit_trail.append("replay-event", _facts(replay) | {"action": action, **by})
    if action == "started" and replay.case is not None and replay.user is not None:
        facts = {"replay": replay.pk, "from_s": replay.from_s, "to_s": replay.to_s}
        record(replay.case, "replay", replay.user, at_s, facts, "")


def note_end(replay: Replay, at_s: int) -> None:
    """Write how a replay has ended."""
    result = result_words(replay)
    with suppress(AuditRejectedError):  # the log of the process says why
        audit_trail.append("replay-event", _facts(replay) | {"action": "ended", "result": result})
    if replay.case is not None:
        facts = {"replay": replay.pk, "result": result}
        CaseEvent.objects.create(case=replay.case, kind="replayed", at_s=at_s, is_pending=True, facts=facts)
        with suppress(AuditRejectedError):
            append_pending()


def result_words(replay: Replay) -> str:
    """Return the result of a replay in a word or two; its status while there is none."""
    if replay.status != ReplayStatus.DONE or replay.answer is None:
        return str(replay.status)
    if replay.kind == Kind.VERIFY:
        return "verified" if replay.answer["is_equal"] else "mismatch"
    n = replay.answer["n_changed"]
    return "the same alerts" if not n else f"{n} alert{'s' * (n != 1)} differ{'s' * (n == 1)}"


def _facts(replay: Replay) -> dict[str, Any]:
    facts: dict[str, Any] = {"replay": replay.pk, "kind": str(replay.kind), "model": replay.model}
    facts |= {"from_s": replay.from_s, "to_s": replay.to_s}
    if replay.draft is not None:
        facts |= {"draft": replay.draft.pk, "sha256": replay.draft.sha256}
    return facts if replay.case_id is None else facts | {"case": replay.case_id}
