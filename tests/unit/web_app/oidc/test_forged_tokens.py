"""A token that is forged, or of another login, logs nobody in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.web.oidc.forgeries import (
    by_another_key,
    changed,
    cut,
    expired,
    unsigned,
    with_own_key_in_header,
    with_the_public_key_as_secret,
)
from tests.support.web.oidc.logins import assert_rejected, log_in, someone
from tests.support.web.provider import CLIENT_ID, Provider


@pytest.mark.parametrize(
    "tamper",
    [
        expired,
        unsigned,
        cut,
        by_another_key,
        with_own_key_in_header,
        changed(nonce="of another login"),
        changed(nonce=None),
        changed(nonce=""),
        changed(aud="another-client"),
        changed(aud=["another-client"]),
        changed(aud=[CLIENT_ID, "another-client"]),
        changed(azp="another-client"),
        changed(aud=None),
        changed(iss="http://127.0.0.1:1"),
        changed(iss=None),
        changed(exp=None),
        changed(exp="never"),
        changed(iat=4_000_000_000),
        changed(nbf=4_000_000_000),
        changed(sub=None),
        changed(sub=""),
        changed(sub=7),
        changed(sub="x" * 256),
        lambda header, _claims: header.update(kid="key-2"),
        lambda header, _claims: header.update(kid="../../x"),
        lambda header, _claims: header.update(kid=["key-1"]),
        lambda header, _claims: header.update(crit=["exp"]),
        lambda _header, _claims: "no token",
        lambda _header, _claims: "a.b.c",
        lambda _header, _claims: "…",
    ],
)
def test_a_token_that_is_forged_or_of_another_login_is_rejected(provider: Provider, tamper: Any) -> None:
    provider.tamper = tamper
    client = someone()
    answer = log_in(client)
    assert_rejected(client, answer)
    assert b"Not logged in" in answer.content


def test_a_token_is_not_verified_with_what_everybody_knows(provider: Provider) -> None:
    provider.tamper = with_the_public_key_as_secret(provider)
    client = someone()
    assert_rejected(client, log_in(client))
