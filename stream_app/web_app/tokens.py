"""Creates, lists, limits and revokes the tokens of programs; each change is an entry of the audit log."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from stream_app.errors import ConfigError
from stream_app.programs.audit.events import append_event
from stream_app.settings import Settings
from stream_app.web_app.program import prepare


class PerMin(NamedTuple):
    """Requests that a token may make in a minute; None for as many as the settings allow.

    Attributes:
        reads: Reading requests.
        writes: Other requests.
    """

    reads: int | None
    writes: int | None


def create_token(settings: Settings, name: str, role: str, scopes: Collection[str], days: int, per_min: PerMin) -> str:
    """Return the text of a new token, which is stored nowhere.

    Args:
        settings: Where the database is.
        name: What will use it.
        role: The role that it acts in.
        scopes: What it may do; none given means everything that the role may do.
        days: How long it works.
        per_min: How often.

    Raises:
        ConfigError: as ``prepare``; the name, a scope or a limit is invalid.
        FairStreamError: the audit log accepts no entry; then there is no token.
    """
    prepare(settings)
    from django.db import transaction  # noqa: PLC0415  # needs Django's settings

    from stream_app.web_app.accounts.roles import Role  # noqa: PLC0415  # the same
    from stream_app.web_app.api.access import tokens  # noqa: PLC0415  # the same
    from stream_app.web_app.api.access.scopes import Scope  # noqa: PLC0415  # the same

    if unknown := sorted(set(scopes) - {*Scope}):
        raise ConfigError(f"There is no scope {unknown[0]!r}", action=f"Known: {', '.join(sorted(Scope))}")
    with transaction.atomic():
        limits = tokens.Limits(*per_min)
        token, text = tokens.create(name, Role(role), [Scope(scope) for scope in scopes], days, limits=limits)
        facts = {"token": token.id, "role": token.role, "scopes": token.scopes.split(), "days": days}
        append_event(settings, "api-token-created", facts | limits.facts())
    return text


def list_tokens(settings: Settings) -> list[dict[str, Any]]:
    """Return the facts of every token, without secrets; active ones first.

    Raises:
        ConfigError: as ``prepare``.
    """
    prepare(settings)
    from stream_app.web_app.api.access import tokens  # noqa: PLC0415  # needs Django's settings

    return [
        {
            "id": token.id,
            "name": token.name,
            "role": token.role,
            "scopes": token.scopes.split(),
            "state": tokens.state_of(token),
            "owner": None if token.owner is None else token.owner.get_username(),
            "created": f"{token.created_at:%Y-%m-%d}",
            "expires": f"{token.expires_at:%Y-%m-%d}",
            "last_used": None if token.last_used_on is None else f"{token.last_used_on:%Y-%m-%d}",
            "reads_per_min": token.reads_per_min,
            "writes_per_min": token.writes_per_min,
        }
        for token in tokens.newest_first()
    ]


def revoke_token(settings: Settings, token_id: str) -> None:
    """End a token at once.

    Raises:
        ConfigError: as ``prepare``; there is none with this id, or it is revoked already.
        FairStreamError: the audit log accepts no entry; then the token works on.
    """
    prepare(settings)
    from django.db import transaction  # noqa: PLC0415  # needs Django's settings

    from stream_app.web_app.api.access import tokens  # noqa: PLC0415  # the same

    with transaction.atomic():
        token = tokens.revoke(token_id)
        append_event(settings, "api-token-revoked", {"token": token.id, "role": token.role})


def limit_token(settings: Settings, token_id: str, per_min: PerMin) -> None:
    """Give a token other limits, from its next request on.

    Raises:
        ConfigError: as ``prepare``; there is none with this id, it is revoked, or a limit is impossible.
        FairStreamError: the audit log accepts no entry; then the limits are as before.
    """
    prepare(settings)
    from django.db import transaction  # noqa: PLC0415  # needs Django's settings

    from stream_app.web_app.api.access import tokens  # noqa: PLC0415  # the same

    limits = tokens.Limits(*per_min)
    with transaction.atomic():
        token = tokens.limit(token_id, limits)
        append_event(settings, "api-token-limited", {"token": token.id, "role": token.role, **limits.facts()})
