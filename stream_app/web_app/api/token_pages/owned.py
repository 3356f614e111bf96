"""What users do with tokens: make some of their own, with no role but theirs, and end them. Administrators end any.

Each is an entry of the audit log with the number of the user, or does not happen.
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.api.access.scopes import ALLOWED, Scope
from stream_app.web_app.api.models import Token
from stream_app.web_app.host import audit_trail

MAX_OWN = 20


class TokenError(Exception):
    """It is not possible; the message says why."""


def roles_with_scopes(names: Collection[str]) -> dict[str, list[str]]:
    """Return the roles among some names in which a token may act, with what each may do."""
    return {str(role): sorted(ALLOWED[role]) for role in Role if role in names and ALLOWED.get(role)}


def seen_by(user: User, roles: Collection[str]) -> QuerySet[Token]:
    """Return the tokens that a user sees: administrators all, others those that they made."""
    listed = tokens.newest_first()
    return listed if Role.ADMINISTRATOR in roles else listed.filter(owner=user)


def create_own(user: User, roles: Collection[str], name: str, role: str, scopes: Collection[str], days: str) -> str:
    """Return the text of a new token of a user, which nothing shows again.

    Args:
        user: Who makes it.
        roles: The roles of the user.
        name: What will use it.
        role: In which of these roles it acts.
        scopes: What it may do; none given means everything that the role may do.
        days: How many days it works, as text.

    Raises:
        TokenError: it is not possible.
        AuditRejectedError: the audit log accepts no entry; then there is no token.
    """
    if role not in roles_with_scopes(roles):
        raise TokenError("A token acts in a role that you have yourself.")
    if not set(scopes) <= {*Scope}:
        raise TokenError("There is no such scope.")
    if not days.isascii() or not days.isdigit() or len(days) > 3:  # noqa: PLR2004  # at most 365
        raise TokenError(f"A token works for 1 to {tokens.MAX_DAYS} days.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two forms at once are counted one after the other
        working = Token.objects.filter(owner=user, revoked_at=None, expires_at__gt=timezone.now())
        if working.count() >= MAX_OWN:
            raise TokenError(f"You have {MAX_OWN} tokens already: revoke one first.")
        try:
            token, text = tokens.create(name, Role(role), [Scope(scope) for scope in scopes], int(days), user)
        except ConfigError as error:
            raise TokenError(f"{error.message}.") from None
        facts = {"token": token.id, "role": token.role, "scopes": token.scopes.split(), "days": int(days)}
        audit_trail.append("api-token-created", facts | {"by_user": user.pk})
    return text


def revoke_seen(user: User, roles: Collection[str], token_id: str) -> bool:
    """End a token at once; return False where the user does not see it, as if there were none.

    Raises:
        TokenError: it is revoked already.
        AuditRejectedError: the audit log accepts no entry; then the token works on.
    """
    with transaction.atomic():
        if not seen_by(user, roles).filter(pk=token_id).exists():
            return False
        try:
            token = tokens.revoke(token_id)
        except ConfigError as error:
            raise TokenError(f"{error.message}.") from None
        audit_trail.append("api-token-revoked", {"token": token.id, "role": token.role, "by_user": user.pk})
    return True
