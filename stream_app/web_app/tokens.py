"""Creates, lists and revokes the tokens of programs; each change is an entry of the audit log."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from stream_app.errors import ConfigError
from stream_app.programs.audit.events import append_event
from stream_app.settings import Settings
from stream_app.web_app.program import prepare


def create_token(settings: Settings, name: str, role: str, scopes: Collection[str], days: int) -> str:
    """Return the text of a new token, which is stored nowhere.

    Args:
        settings: Where the database is.
        name: What will use it.
        role: The role that it acts in.
        scopes: What it may do; none given means everything that the role may do.
        days: How long it works.

    Raises:
        ConfigError: as ``prepare``; the name or a scope is invalid.
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
        token, text = tokens.create(name, Role(role), [Scope(scope) for scope in scopes], days)
        facts = {"token": token.id, "role": token.role, "scopes": token.scopes.split(), "days": days}
        append_event(settings, "api-token-created", facts)
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
            "created": f"{token.created_at:%Y-%m-%d}",
            "expires": f"{token.expires_at:%Y-%m-%d}",
            "last_used": None if token.last_used_on is None else f"{token.last_used_on:%Y-%m-%d}",
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
