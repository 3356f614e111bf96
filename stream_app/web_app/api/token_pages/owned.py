"""What users do with tokens: make, limit and end some of their own, with no role but theirs. Administrators end any.

Users give tokens no higher limits than the settings allow; administrators do.

Each is an entry of the audit log with the number of the user, or does not happen.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access import tokens
from stream_app.web_app.api.access.scopes import ALLOWED, Scope
from stream_app.web_app.api.models import Token
from stream_app.web_app.api.running import running
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


class TokenForm(NamedTuple):
    """What a user has typed about a new token.

    Attributes:
        name: What will use it.
        role: In which role of the user it acts.
        scopes: What it may do; none given means everything that the role may do.
        days: How many days it works.
        per_min: Its limits; empty for those of the settings.
    """

    name: str
    role: str
    scopes: Collection[str]
    days: str
    per_min: tuple[str, str]


def create_own(user: User, roles: Collection[str], form: TokenForm) -> str:
    """Return the text of a new token of a user, which nothing shows again.

    Args:
        user: Who makes it.
        roles: The roles of the user.
        form: What it is for.

    Raises:
        TokenError: it is not possible.
        AuditRejectedError: the audit log accepts no entry; then there is no token.
    """
    if form.role not in roles_with_scopes(roles):
        raise TokenError("A token acts in a role that you have yourself.")
    if not set(form.scopes) <= {*Scope}:
        raise TokenError("There is no such scope.")
    days = _whole_number(form.days)
    if days is None:
        raise TokenError(f"A token works for 1 to {tokens.MAX_DAYS} days.")
    limits = _limits(roles, form.per_min)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two forms at once are counted one after the other
        working = Token.objects.filter(owner=user, revoked_at=None, expires_at__gt=timezone.now())
        if working.count() >= MAX_OWN:
            raise TokenError(f"You have {MAX_OWN} tokens already: revoke one first.")
        try:
            scopes = [Scope(scope) for scope in form.scopes]
            token, text = tokens.create(form.name, Role(form.role), scopes, days, user, limits)
        except ConfigError as error:
            raise TokenError(f"{error.message}.") from None
        facts = {"token": token.id, "role": token.role, "scopes": token.scopes.split(), "days": days}
        audit_trail.append("api-token-created", facts | limits.facts() | {"by_user": user.pk})
    return text


def limit_seen(user: User, roles: Collection[str], token_id: str, per_min: tuple[str, str]) -> bool:
    """Give a token other limits; return False where the user does not see it, as if there were none.

    Raises:
        TokenError: a limit is impossible or too high for this user, or the token is revoked.
        AuditRejectedError: the audit log accepts no entry; then the limits are as before.
    """
    with transaction.atomic():
        if not seen_by(user, roles).filter(pk=token_id).exists():
            return False
        limits = _limits(roles, per_min)
        try:
            token = tokens.limit(token_id, limits)
        except ConfigError as error:
            raise TokenError(f"{error.message}.") from None
        facts = {"token": token.id, "role": token.role, **limits.facts()}
        audit_trail.append("api-token-limited", facts | {"by_user": user.pk})
    return True


def default_limits() -> tokens.Limits:
    """Return the limits of the settings."""
    settings = running().settings
    return tokens.Limits(settings.api_reads_per_min, settings.api_writes_per_min)


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


def _limits(roles: Collection[str], per_min: tuple[str, str]) -> tokens.Limits:
    """Return the limits that a user has typed.

    Raises:
        TokenError: one is not a number, or higher than this user may give.
    """
    numbers = [_whole_number(text) if text else None for text in per_min]
    if any(number is None and text for number, text in zip(numbers, per_min, strict=True)):
        raise TokenError(f"A token may make 1 to {tokens.MAX_PER_MIN:,} requests in a minute.")
    limits = tokens.Limits(*numbers)
    for number, most in zip(limits, default_limits(), strict=True):
        if number is not None and most is not None and number > most and Role.ADMINISTRATOR not in roles:
            raise TokenError(f"Only an administrator gives a token more than {most:,} such requests in a minute.")
    return limits


def _whole_number(text: str) -> int | None:
    """Return a number of up to 7 digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else None  # noqa: PLR2004  # a million
