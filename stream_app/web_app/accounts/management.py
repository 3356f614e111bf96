"""What an administrator does with users: invites them, gives each one role, disables them. Nobody is deleted.

Each is an entry of the audit log with the numbers of both users, or does not happen. Nobody does it to themselves: so
there is always an administrator, and a role that was lost is given by somebody else.
"""

from __future__ import annotations

import enum

from django.contrib.auth.models import Group, User
from django.db import transaction

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.invitations import invite
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host import audit_trail


class UserAction(enum.StrEnum):
    """What can be done with a user."""

    SET_ROLE = "role"
    DISABLE = "disable"
    ENABLE = "enable"


class UserError(Exception):
    """It is not possible; the message says why."""


def invite_by(administrator: User, username: str, role: str) -> str:
    """Return the token of a link by which a new user sets a password.

    Raises:
        UserError: the name is invalid or taken, or there is no such role.
        AuditRejectedError: the audit log accepts no entry.
    """
    chosen = _role(role)
    with transaction.atomic():
        try:
            token = invite(username, chosen)
        except ConfigError as error:
            raise UserError(str(error)) from None
        audit_trail.append("user-event", {"action": "invited", "role": str(chosen), "by_user": administrator.pk})
    return token


def change(administrator: User, user_id: int, action: str, role: str) -> None:
    """Give a user another role, disable or enable a user; who is disabled is logged out at once.

    Raises:
        UserError: it is not possible.
        AuditRejectedError: the audit log accepts no entry.
    """
    if action not in [*UserAction]:
        raise UserError("There is no such action.")
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise UserError("There is no such user.")
        if user.pk == administrator.pk:
            raise UserError("Another administrator changes your own user.")
        if action == UserAction.SET_ROLE:
            user.groups.set([Group.objects.get(name=_role(role))])
        else:
            user.is_active = action == UserAction.ENABLE
            user.save(update_fields=["is_active"])
        facts = {"action": action, "user": user.pk, "by_user": administrator.pk}
        audit_trail.append("user-event", facts | ({"role": role} if action == UserAction.SET_ROLE else {}))


def _role(name: str) -> Role:
    if name not in [*Role]:
        raise UserError("There is no such role.")
    return Role(name)
