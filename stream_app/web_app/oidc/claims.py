"""What the token of a provider says: checked first, and believed only then."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jwt

from stream_app.web_app.accounts.roles import Role

ALGORITHM = "RS256"  # the one that every provider has; a token cannot choose another
_LEEWAY_S = 30
_REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")
_MAX_LENGTH = 255

Claims = Mapping[str, Any]


class LoginRejectedError(Exception):
    """A login that fails; its text is for the log and for the person, and has nothing of the request in it."""


def checked_claims(
    token: object, key_of: Callable[[str], jwt.PyJWK], *, issuer: str, client_id: str, nonce: str | None
) -> dict[str, Any]:
    """Return the claims of an ID token (OpenID Connect Core 1.0, section 3.1.3.7).

    Args:
        token: As the provider has sent it.
        key_of: Returns the key of an id.
        issuer: Who must have signed it.
        client_id: For whom it must be.
        nonce: What was sent with the request for this login.

    Raises:
        LoginRejectedError: it is invalid.
    """
    try:
        header = jwt.get_unverified_header(str(token))
        if header.get("alg") != ALGORITHM:
            raise LoginRejectedError(f"The token is not signed with {ALGORITHM}")
        claims: dict[str, Any] = jwt.decode(
            str(token),
            key_of(str(header.get("kid", ""))),
            algorithms=[ALGORITHM],
            audience=client_id,
            issuer=issuer,
            leeway=_LEEWAY_S,
            options={"require": [*_REQUIRED], "strict_aud": False},
        )
    except jwt.PyJWTError as error:
        raise LoginRejectedError(f"The token is invalid ({type(error).__name__})") from None
    if not nonce or not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise LoginRejectedError("The token is of another login")
    parties = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", client_id) != client_id or (len(parties) > 1 and "azp" not in claims):
        raise LoginRejectedError("The token is for another application")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= _MAX_LENGTH:
        raise LoginRejectedError("The token names nobody")
    return claims


def roles_from(claims: Claims, claim: str, mapping: Mapping[str, frozenset[Role]]) -> set[Role]:
    """Return the roles of a person; what is not in the mapping gives none.

    Args:
        claims: Of the token.
        claim: Name of the claim that has roles or groups; dots lead into objects unless there is a claim of this name.
        mapping: Roles by value of the claim.

    >>> roles_from({"realm": {"roles": ["audit", "x"]}}, "realm.roles", {"audit": frozenset({Role.AUDITOR})})
    {<Role.AUDITOR: 'auditor'>}
    """
    values = _value_of(claims, claim)
    listed: Iterable[Any] = values if isinstance(values, list) else [values]
    return {role for value in listed if isinstance(value, str) for role in mapping.get(value, ())}


def name_from(claims: Claims) -> str:
    """Return a name for the user of a person: the preferred one, else the address, else what the provider calls it."""
    names = (claims.get("preferred_username"), claims.get("email"), claims["sub"])
    return next(name for name in names if isinstance(name, str) and name)


def _value_of(claims: Claims, claim: str) -> Any:
    if claim in claims:
        return claims[claim]
    value: Any = claims
    for part in claim.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
