"""Logs a person of the provider in, with the roles that the token gives at this moment."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from stream_app.web_app.oidc.claims import Claims, LoginRejectedError, checked_claims, name_from, roles_from
from stream_app.web_app.oidc.client import client
from stream_app.web_app.oidc.models import Person

CALLBACK = "oidc-callback"
_FIXED = {
    "OIDC_AUTHENTICATION_CALLBACK_URL": CALLBACK,
    "OIDC_RP_SCOPES": "openid profile email",
    "OIDC_USE_NONCE": True,
    "OIDC_USE_PKCE": True,
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
    "OIDC_MAX_STATES": 10,
    "LOGIN_REDIRECT_URL": "overview",
}


def oidc_setting(name: str, *default: Any) -> Any:
    """Return what the client library calls a setting; it reads no other."""
    if name == "OIDC_OP_AUTHORIZATION_ENDPOINT":
        return client().place("authorization_endpoint")
    if name == "OIDC_RP_CLIENT_ID":
        return client().client_id
    return _FIXED[name] if name in _FIXED else default[0]


def callback_address(request: HttpRequest) -> str:
    """Return the address to which the provider sends people back; forwarded headers are not trusted."""
    path = reverse(CALLBACK)
    public = next(iter(settings.CSRF_TRUSTED_ORIGINS), None)
    return request.build_absolute_uri(path) if public is None else f"{public}{path}"


class OidcBackend(OIDCAuthenticationBackend):  # type: ignore[misc]  # has no hints
    """The code flow of the library, with a complete check of the token and deny by default."""

    get_settings = staticmethod(oidc_setting)
    OIDC_RP_CLIENT_SECRET = None  # added where it is sent

    def __init__(self) -> None:
        self.UserModel = User

    @property
    def OIDC_RP_CLIENT_ID(self) -> str:  # noqa: N802  # of the library
        """What the provider calls this application."""
        return client().client_id

    def authenticate(self, request: HttpRequest | None, **options: Any) -> Any:
        """Return the user of a code; None for a login of another kind.

        Raises:
            LoginRejectedError: the login fails.
        """
        if request is None or not options.get("nonce") or not options.get("code_verifier"):
            return None
        return super().authenticate(request, **options)

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Exchange the code."""
        return client().exchange(payload | {"redirect_uri": callback_address(self.request)})

    def verify_token(self, token: object, **options: Any) -> dict[str, Any]:
        """Check the ID token."""
        provider = client()
        return checked_claims(
            token, provider.key, issuer=provider.issuer, client_id=provider.client_id, nonce=options.get("nonce")
        )

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Store none: nothing is asked of the provider later."""

    def get_or_create_user(self, _access_token: str, _id_token: str, payload: Claims) -> User:
        """Return the user of a person, with the roles of the token.

        Raises:
            LoginRejectedError: the token gives no role, the user is disabled, or the name belongs to another user.
        """
        provider = client()
        roles = roles_from(payload, provider.roles_claim, provider.roles)
        person = Person.objects.filter(issuer=provider.issuer, subject=payload["sub"]).first()
        if person is not None:
            person.user.groups.set(Group.objects.filter(name__in=roles))
        if not roles:
            raise LoginRejectedError("The identity provider gives this person no role in FairStream")
        if person is not None and not person.user.is_active:
            raise LoginRejectedError("This user is disabled")
        return _create(provider.issuer, payload, roles) if person is None else person.user


def _create(issuer: str, claims: Claims, roles: set[Any]) -> User:
    name = name_from(claims)
    try:
        User(username=name).clean_fields(exclude=["password"])
        if User.objects.filter(username__iexact=name).exists():
            raise LoginRejectedError("Another user has this name")
        with transaction.atomic():
            user = User.objects.create_user(name)
            Person.objects.create(user=user, issuer=issuer, subject=claims["sub"])
            user.groups.set(Group.objects.filter(name__in=roles))
            return user
    except (ValidationError, IntegrityError):
        raise LoginRejectedError("The identity provider gives a name that no user can have") from None
