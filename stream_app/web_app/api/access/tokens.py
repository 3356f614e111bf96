"""Makes, finds and revokes tokens: ``fs_<id>_<secret>``, 8 and 43 characters.

Reading today's date and the state of a token is one query; the day of its last use is written once a day.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.scopes import ALLOWED, Scope, effective_scopes
from stream_app.web_app.api.models import Token

MAX_DAYS = 365
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_FORM = re.compile(r"fs_([a-z2-7]{8})_([A-Za-z0-9_-]{43})", re.ASCII)
_MAX_NAME = 100
_NO_DIGEST = "0" * 64


class Holder(NamedTuple):
    """Who makes a request.

    Attributes:
        token_id: Id of the token.
        scopes: What it may do.
    """

    token_id: str
    scopes: frozenset[str]


def create(name: str, role: Role, scopes: Collection[Scope], days: int) -> tuple[Token, str]:
    """Store a new token and return it with its text, which nothing shows again.

    Args:
        name: What will use it.
        role: The role that it acts in.
        scopes: What it may do; none given means everything that the role may do.
        days: How long it works.

    Raises:
        ConfigError: the name is no printable text, or the role does not have a scope.
    """
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise ConfigError(f"The name of a token is printable text of at most {_MAX_NAME} characters")
    if not 1 <= days <= MAX_DAYS:
        raise ConfigError(f"A token works for 1 to {MAX_DAYS} days")
    if too_many := sorted(set(scopes) - ALLOWED[role]):
        allowed = ", ".join(sorted(ALLOWED[role]))
        raise ConfigError(f"The role {role} does not have the scope {too_many[0]}", action=f"It has: {allowed}")
    secret = secrets.token_urlsafe(32)
    now = timezone.now()
    token = Token.objects.create(
        id="".join(secrets.choice(_ID_LETTERS) for _ in range(8)),
        name=name,
        role=role.value,
        scopes=" ".join(sorted(scopes or ALLOWED[role])),
        digest=_digest(secret),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return token, f"fs_{token.id}_{secret}"


def authenticate(text: str) -> Holder | None:
    """Return the holder of a token that works now; None for any other text, without saying why."""
    form = _FORM.fullmatch(text)
    token = Token.objects.filter(pk=form[1]).first() if form else None
    is_right = hmac.compare_digest(_digest(form[2] if form else ""), token.digest if token else _NO_DIGEST)
    now = timezone.now()
    if token is None or not is_right or token.revoked_at is not None or token.expires_at <= now:
        return None
    if token.last_used_on != now.date():
        unused = Q(last_used_on__isnull=True) | Q(last_used_on__lt=now.date())
        with suppress(DatabaseError):  # of a full disk can be read all the same
            Token.objects.filter(unused, pk=token.pk).update(last_used_on=now.date())
    return Holder(token.id, effective_scopes(token.role, token.scopes.split()))


def revoke(token_id: str) -> Token:
    """End a token at once.

    Raises:
        ConfigError: there is none with this id, or it is revoked already.
    """
    token = Token.objects.select_for_update().filter(pk=token_id).first()
    if token is None or token.revoked_at is not None:
        fault = "There is no token with this id" if token is None else "This token is revoked already"
        raise ConfigError(fault, action="List them with: fairstream web tokens list")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    return token


def newest_first() -> list[Token]:
    """Return every token, those that never ended first, then by their time."""
    return list(Token.objects.order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "id"))


def state_of(token: Token) -> str:
    """Return ``active``, ``expired`` or ``revoked``."""
    if token.revoked_at is not None:
        return "revoked"
    return "active" if token.expires_at > timezone.now() else "expired"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
