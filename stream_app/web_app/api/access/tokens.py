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

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.scopes import ALLOWED, Scope, effective_scopes
from stream_app.web_app.api.models import Token

MAX_DAYS = 365
MAX_PER_MIN = 1_000_000
_ID_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_FORM = re.compile(r"fs_([a-z2-7]{8})_([A-Za-z0-9_-]{43})", re.ASCII)
_MAX_NAME = 100
_NO_DIGEST = "0" * 64
_FIND = "SELECT * FROM api_token WHERE id = %s"  # written out: every request makes it


class Limits(NamedTuple):
    """How many requests a token may make in a minute.

    Attributes:
        reads_per_min: Reading requests; None for as many as the settings allow.
        writes_per_min: Other requests, likewise.
    """

    reads_per_min: int | None = None
    writes_per_min: int | None = None

    def facts(self) -> dict[str, int]:
        """Return what differs from the settings, for the audit log."""
        return {name: n for name, n in self._asdict().items() if n is not None}


OF_SETTINGS = Limits()


class Holder(NamedTuple):
    """Who makes a request.

    Attributes:
        token_id: Id of the token.
        scopes: What it may do.
        limits: How often.
    """

    token_id: str
    scopes: frozenset[str]
    limits: Limits = OF_SETTINGS


def create(
    name: str,
    role: Role,
    scopes: Collection[Scope],
    days: int,
    owner: User | None = None,
    limits: Limits = OF_SETTINGS,
) -> tuple[Token, str]:
    """Store a new token and return it with its text, which nothing shows again.

    Args:
        name: What will use it.
        role: The role that it acts in.
        scopes: What it may do; none given means everything that the role may do.
        days: How long it works.
        owner: The user without whose role it does not work; None where an operator makes it.
        limits: How often.

    Raises:
        ConfigError: the name is no printable text, the role does not have a scope, or a limit is impossible.
    """
    _check(limits)
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
        owner=owner,
        **limits._asdict(),
    )
    return token, f"fs_{token.id}_{secret}"


def authenticate(text: str) -> Holder | None:
    """Return the holder of a token that works now; None for any other text, without saying why."""
    form = _FORM.fullmatch(text)
    token = next(iter(Token.objects.raw(_FIND, [form[1]])), None) if form else None
    is_right = hmac.compare_digest(_digest(form[2] if form else ""), token.digest if token else _NO_DIGEST)
    now = timezone.now()
    if token is None or not is_right or token.revoked_at is not None or token.expires_at <= now:
        return None
    if not is_backed(token):
        return None
    if token.last_used_on != now.date():
        unused = Q(last_used_on__isnull=True) | Q(last_used_on__lt=now.date())
        with suppress(DatabaseError):  # of a full disk can be read all the same
            Token.objects.filter(unused, pk=token.pk).update(last_used_on=now.date())
    return Holder(token.id, effective_scopes(token.role, token.scopes.split()), limits_of(token))


def revoke(token_id: str) -> Token:
    """End a token at once.

    Raises:
        ConfigError: there is none with this id, or it is revoked already.
    """
    token = _not_revoked(token_id)
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    return token


def limit(token_id: str, limits: Limits) -> Token:
    """Give a token other limits, from its next request on.

    Raises:
        ConfigError: there is none with this id, it is revoked, or a limit is impossible.
    """
    _check(limits)
    token = _not_revoked(token_id)
    token.reads_per_min, token.writes_per_min = limits
    token.save(update_fields=["reads_per_min", "writes_per_min"])
    return token


def limits_of(token: Token) -> Limits:
    """Return the limits of a token."""
    return Limits(token.reads_per_min, token.writes_per_min)


def newest_first() -> QuerySet[Token]:
    """Return every token, those that never ended first, then by their time."""
    tokens = Token.objects.select_related("owner").prefetch_related("owner__groups")
    return tokens.order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "id")


def is_backed(token: Token) -> bool:
    """Return whether the owner of a token has its role and can log in; one of an operator needs no owner."""
    owner = token.owner
    return owner is None or (owner.is_active and token.role in {group.name for group in owner.groups.all()})


def state_of(token: Token) -> str:
    """Return ``active``, ``expired``, ``revoked``, or ``suspended`` while its owner has not the role."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at <= timezone.now():
        return "expired"
    return "active" if is_backed(token) else "suspended"


def _not_revoked(token_id: str) -> Token:
    token = Token.objects.select_for_update().filter(pk=token_id).first()
    if token is None or token.revoked_at is not None:
        fault = "There is no token with this id" if token is None else "This token is revoked already"
        raise ConfigError(fault, action="List them with: fairstream web tokens list")
    return token


def _check(limits: Limits) -> None:
    if not all(n is None or 1 <= n <= MAX_PER_MIN for n in limits):
        raise ConfigError(f"A token may make 1 to {MAX_PER_MIN:,} requests in a minute")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
