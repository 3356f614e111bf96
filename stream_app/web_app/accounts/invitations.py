"""One-time links: the first administrator and every later user sets a password by one; there is no default password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from stream_app.errors import ConfigError
from stream_app.web_app.accounts.models import Invitation
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host import audit_trail

VALID_FOR = timedelta(hours=24)


def invite_first() -> str | None:
    """Return the token of a link for the first administrator; None where there is a user already.

    A link of an earlier start ends.
    """
    with transaction.atomic():
        if User.objects.exists():
            return None
        Invitation.objects.filter(username="").delete()
        return _make("", Role.ADMINISTRATOR)


def invite(username: str, role: Role) -> str:
    """Return the token of a link by which a new user sets a password.

    Raises:
        ConfigError: the name is invalid or taken.
    """
    try:
        User(username=username).clean_fields(exclude=["password"])
    except ValidationError:
        raise ConfigError(
            f"Invalid user name {username!r}", action="Use letters, digits and @ . + - _, at most 150"
        ) from None
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise ConfigError(f"There is a user {username} already", action="Choose another name")
        Invitation.objects.filter(username__iexact=username).delete()
        return _make(username, role)


def find(token: str) -> Invitation | None:
    """Return the invitation of a token that can be used now."""
    return Invitation.objects.filter(digest=_digest(token), expires_at__gt=timezone.now()).first()


def redeem(token: str, username: str, password: str) -> User | None:
    """Create the user of a link and end the link; None where it cannot be used or the name was taken meanwhile.

    Raises:
        AuditRejectedError: the audit log accepts no entry.
    """
    try:
        with transaction.atomic():
            invitation = Invitation.objects.select_for_update().filter(digest=_digest(token)).first()
            if invitation is None or invitation.expires_at <= timezone.now():
                return None
            if not invitation.username and User.objects.exists():
                return None
            user = User.objects.create_user(invitation.username or username, password=password)
            user.groups.add(Group.objects.get(name=invitation.role))
            audit_trail.append("user-event", {"action": "created", "user": user.pk, "role": invitation.role})
            invitation.delete()
            return user
    except IntegrityError:
        return None


def _make(username: str, role: Role) -> str:
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(
        digest=_digest(token), username=username, role=role, expires_at=timezone.now() + VALID_FOR
    )
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
