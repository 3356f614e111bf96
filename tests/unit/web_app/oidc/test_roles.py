"""Roles follow from the token of each login and from the mapping, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User

from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.oidc.client import use
from stream_app.web_app.oidc.models import Person
from tests.support.web.oidc.logins import MAPPED, assert_rejected, log_in, someone
from tests.support.web.provider import Provider


def test_a_person_logs_in_with_the_roles_that_the_mapping_gives(provider: Provider) -> None:
    client = someone()
    answer = log_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert "grace (auditor)" in client.get("/").content.decode()
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (False, False, False)
    assert {*user.groups.values_list("name", flat=True)} == {Role.AUDITOR}
    assert Person.objects.get().subject == "person-1"
    assert provider.faults == []


def test_the_request_has_what_protects_it() -> None:
    client = someone()
    query = {
        name: values[0] for name, values in parse_qs(urlsplit(client.get("/oidc/login")["Location"]).query).items()
    }
    assert query["code_challenge_method"] == "S256"
    assert len(query["nonce"]) >= 32
    assert len(query["state"]) >= 32
    assert "client_secret" not in query
    again = parse_qs(urlsplit(client.get("/oidc/login")["Location"]).query)
    assert {again["nonce"][0], again["state"][0]}.isdisjoint({query["nonce"], query["state"]})


def test_roles_follow_the_token_at_each_login_and_without_one_nobody_gets_in(provider: Provider) -> None:
    first = someone()
    log_in(first)
    provider.claims["roles"] = ["fair-work"]
    provider.claims["preferred_username"] = "another-name"
    second = someone()
    assert log_in(second).status_code == 302
    assert "grace (analyst, viewer)" in second.get("/").content.decode()
    provider.claims["roles"] = ["others"]
    assert log_in(someone()).status_code == 403
    assert first.get("/").status_code == 403
    assert second.get("/").status_code == 403
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "roles",
    [None, [], "", "others", ["auditor"], ["administrator"], {"fair-audit": True}, [["fair-audit"]], 7, ["FAIR-AUDIT"]],
)
def test_what_the_mapping_does_not_name_gives_no_role(provider: Provider, roles: Any) -> None:
    provider.claims["roles"] = roles
    client = someone()
    assert_rejected(client, log_in(client))


def test_the_claim_may_be_within_an_object_or_have_dots_in_its_name(
    provider: Provider, secret_file: str, tmp_path: Path
) -> None:
    places: dict[str, dict[str, Any]] = {
        "realm_access.roles": {"realm_access": {"roles": ["fair-audit"]}},
        "https://lender.example/roles": {"https://lender.example/roles": "fair-audit"},
    }
    for number, (claim, claims) in enumerate(places.items()):
        provider.claims = {"sub": f"p{number}", "preferred_username": f"p{number}"} | claims
        use(
            Settings(
                state_dir=str(tmp_path),
                oidc_issuer=provider.issuer,
                oidc_client_secret_file=secret_file,
                oidc_roles_claim=claim,
                **MAPPED,
            )
        )
        assert log_in(someone()).status_code == 302
