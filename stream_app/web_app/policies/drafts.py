"""Proposes drafts of policies and decides about them; each step is an entry of the audit log, or does not happen."""

from __future__ import annotations

import hashlib
import time

from django.contrib.auth.models import User
from django.db import transaction

from stream_app.errors import PolicyError
from stream_app.policy import Policy, parse_policy
from stream_app.web_app.host import audit_trail
from stream_app.web_app.policies.models import MAX_TEXT, DraftStatus, PolicyDraft

_MAX_REASON = 1000


class DraftError(Exception):
    """It is not possible; the message says why."""


def read_draft(text: str) -> Policy:
    """Return the policy of a text.

    Raises:
        DraftError: it is not one; with the field, what is wrong and what is allowed.
    """
    if len(text) > MAX_TEXT or "\0" in text:
        raise DraftError(f"A draft has at most {MAX_TEXT:,} characters, and no zero character.")
    if not text.strip():
        raise DraftError("The draft is empty.")
    try:
        return parse_policy(text)
    except PolicyError as error:
        raise DraftError(str(error)) from None


def propose(author: User, text: str, reason: str) -> PolicyDraft:
    """Store a valid draft.

    Raises:
        DraftError: it is invalid, or there is no reason.
        AuditRejectedError: the audit log accepts no entry.
    """
    read_draft(text)
    reason = _checked(reason, "Write why the policy should change.")
    digest = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        draft = PolicyDraft.objects.create(
            text=text,
            sha256=digest,
            reason=reason,
            author=author,
            proposed_s=int(time.time()),
            status=DraftStatus.PROPOSED,
        )
        _append(draft, "proposed", author)
    return draft


def decide(draft_id: int, user: User, status: DraftStatus, remark: str) -> None:
    """Approve or reject a draft.

    Raises:
        DraftError: it was decided about already, the user has proposed it, or a rejection has no reason.
        AuditRejectedError: the audit log accepts no entry.
    """
    with transaction.atomic():
        draft = PolicyDraft.objects.select_for_update().get(pk=draft_id)
        if draft.status != DraftStatus.PROPOSED:
            raise DraftError(f"The draft is {draft.status} already.")
        if draft.author_id == user.pk:
            raise DraftError("You have proposed this draft: somebody else decides.")
        if status == DraftStatus.REJECTED:
            remark = _checked(remark, "Write why the draft is rejected.")
        draft.status, draft.decided_by, draft.decided_s = status, user, int(time.time())
        draft.remark = _checked(remark, "") if remark.strip() else ""
        draft.save()
        _append(draft, str(status), user)


def _checked(text: str, fault: str) -> str:
    text = text.strip()
    if not text:
        raise DraftError(fault)
    if len(text) > _MAX_REASON or "\0" in text:
        raise DraftError(f"Write at most {_MAX_REASON:,} characters.")
    return text


def _append(draft: PolicyDraft, action: str, user: User) -> None:
    data = {"action": action, "draft": draft.pk, "sha256": draft.sha256, "by_user": user.pk}
    audit_trail.append("policy-event", data)
