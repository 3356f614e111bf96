"""Login by a real provider on loopback: roles by its token only, and every way to forge one is rejected."""

from __future__ import annotations

import hmac
import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import override_settings
from django.urls import URLPattern

from stream_app.errors import ConfigError
from stream_app.settings import Settings
from stream_app.web_app import routes
from stream_app.web_app.accounts.access import PUBLIC
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host.django import django_options
from stream_app.web_app.oidc import client as oidc_client
from stream_app.web_app.oidc import urls
from stream_app.web_app.oidc.begun import COOKIE
from stream_app.web_app.oidc.client import use
from stream_app.web_app.oidc.models import Person
from tests.support.web.pages import HOST, PASSWORD, add_user, browser
from tests.support.web.provider import CLIENT_ID, SECRET, Provider, encoded, open_provider, signed

ROLES = "fair-audit=auditor,fair-work=analyst,fair-work=viewer"
MAPPED: dict[str, Any] = {"oidc_roles": ROLES, "oidc_client_id": CLIENT_ID}
OTHER_KEY = rsa.generate_private_key(65537, 2048)


class Kept(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with open_provider() as provider:
        yield provider


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n", "utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def provider(
    running: Provider, secret_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Provider]:
    """Let people log in by the provider, which is honest at the beginning of each test."""
    running.claims = {"sub": "person-1", "preferred_username": "grace", "roles": ["fair-audit", "others"]}
    running.tamper = lambda _header, _claims: None
    running.discovery = {}
    running.key_id = "key-1"
    monkeypatch.setattr(oidc_client, "_clients", [])
    settings = Settings(
        state_dir=str(tmp_path), oidc_issuer=running.issuer, oidc_client_secret_file=secret_file, **MAPPED
    )
    use(settings)
    options = django_options(settings)
    names = ("AUTHENTICATION_BACKENDS", "AXES_WHITELIST_CALLABLE", "TEMPLATES")
    with override_settings(ROOT_URLCONF="stream_app.web_app.oidc.urls", **{name: options[name] for name in names}):
        yield running


def follow(address: str) -> str:
    """Return where the provider sends a person."""
    try:
        urllib.request.build_opener(Kept).open(address, timeout=10)
    except HTTPError as error:
        with error:
            return str(error.headers["Location"])
    raise AssertionError(address)


def way_back(client: Any, path: str = "/oidc/login") -> str:
    answer = client.get(path)
    assert answer.status_code == 302, answer.content
    back = follow(answer["Location"])
    assert back.startswith(f"http://{HOST}/oidc/callback?")
    return back.removeprefix(f"http://{HOST}")


def log_in(client: Any, path: str = "/oidc/login") -> Any:
    return client.get(way_back(client, path))


def someone() -> Any:
    return browser(is_logged_in=False)


def assert_rejected(client: Any, answer: Any) -> None:
    assert answer.status_code == 403
    assert client.get("/").status_code == 302
    assert not User.objects.exists()


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


def expired(_header: dict[str, Any], claims: dict[str, Any]) -> None:
    claims["exp"] = int(time.time()) - 60


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(None, header | {"alg": "none"}, claims)


def cut(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(None, header, claims)


def by_another_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(OTHER_KEY, header, claims)


def with_the_public_key_as_secret(provider: Provider) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Return the confusion of algorithms: HS256 with what everybody knows."""

    def forge(header: dict[str, Any], claims: dict[str, Any]) -> str:
        public = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = (header | {"alg": "HS256"}, claims)
        content = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        return f"{content}.{encoded(hmac.digest(public, content.encode(), sha256))}"

    return forge


def with_own_key_in_header(header: dict[str, Any], claims: dict[str, Any]) -> str:
    numbers = OTHER_KEY.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": encoded(numbers.n.to_bytes(256)), "e": encoded(numbers.e.to_bytes(3))}
    return signed(OTHER_KEY, header | {"jwk": jwk, "jku": "http://127.0.0.1:1/keys"}, claims)


def changed(**values: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(_header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims.update(values)
        for name, value in values.items():
            if value is None:
                del claims[name]

    return change


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


def test_a_code_works_once_and_in_the_browser_that_began_only() -> None:
    client, thief = someone(), someone()
    back = way_back(client)
    assert_rejected(thief, thief.get(back))
    thief.get("/oidc/login")
    assert_rejected(thief, thief.get(back))
    assert client.get(back).status_code == 302
    client.post("/logout")
    assert client.get(back).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=x",
        "?state=x",
        "?code=x&state=x",
        "?error=access_denied&error_description=<script>",
        "?code=%00&state=%00",
    ],
)
def test_a_way_back_without_a_way_there_is_rejected_and_logs_nobody_out(query: str) -> None:
    client = browser(Role.VIEWER)
    answer = client.get(f"/oidc/callback{query}")
    assert answer.status_code == 403
    assert b"<script>" not in answer.content
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("next_", "lands"),
    [
        ("/models/loanapp", "/models/loanapp"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("/%5Celsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///elsewhere.example", "/"),
        (f"http://user@{HOST}:1/", "/"),
    ],
)
def test_the_way_back_leads_to_this_site_only(next_: str, lands: str) -> None:
    assert log_in(someone(), f"/oidc/login?next={next_}")["Location"] == lands


def test_strangers_store_nothing_however_often_they_begin_or_come_back(provider: Provider) -> None:
    client = someone()
    for _ in range(30):
        client.get("/oidc/login")
    for _ in range(3):
        begun = someone()
        way_back(begun)
        state = parse_qs(urlsplit(begun.get("/oidc/login")["Location"]).query)["state"][0]
        assert begun.get(f"/oidc/callback?code=guessed&state={state}").status_code == 403
    provider.claims["roles"] = []
    assert log_in(someone()).status_code == 403
    assert not Session.objects.exists()
    provider.claims["roles"] = ["fair-audit"]
    log_in(client)
    assert Session.objects.count() == 1


def test_what_was_begun_is_sent_to_the_two_pages_of_the_login_only_and_cannot_be_read_by_scripts() -> None:
    client = someone()
    client.get("/oidc/login")
    sent = client.cookies[COOKIE]
    assert (sent["path"], sent["httponly"], sent["samesite"], sent["max-age"]) == ("/oidc/", True, "Lax", 900)
    log_in(client)
    assert client.cookies[COOKIE].value != sent.value


def test_logins_in_several_tabs_come_back_and_the_oldest_are_forgotten() -> None:
    client = someone()
    backs = [way_back(client) for _ in range(7)]
    assert len(client.cookies[COOKIE].value) < 4000
    assert client.get(backs[0]).status_code == 403
    assert client.get(backs[2]).status_code == 302
    assert client.get(backs[-1]).status_code == 302


@pytest.mark.parametrize("change", ["sign", "content", "empty", "long", "late"])
def test_a_begun_login_that_was_changed_or_is_too_old_does_not_come_back(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = someone()
    back = way_back(client)
    value = client.cookies[COOKIE].value
    changed = {"sign": value[:-1] + ("a" if value[-1] != "a" else "b"), "content": "e30" + value, "empty": ""}
    client.cookies[COOKIE] = changed.get(change, "x" * 9000 if change == "long" else value)
    if change == "late":
        now_s = time.time()
        monkeypatch.setattr("django.core.signing.time.time", lambda: now_s + 901)
    assert_rejected(client, client.get(back))


def test_a_long_address_to_go_on_to_does_not_stop_a_login() -> None:
    client = someone()
    answer = log_in(client, f"/oidc/login?next=/models/{'x%20' * 1500}")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_who_is_logged_in_stays_so_while_another_login_is_begun_or_fails() -> None:
    client = someone()
    log_in(client)
    back = way_back(client)
    assert client.get("/").status_code == 200
    answer = client.get(back.replace("state=", "state=x"))
    assert (answer.status_code, b"Log out" in answer.content) == (403, True)
    assert client.get("/").status_code == 200
    assert client.get(back).status_code == 302
    assert client.get("/").status_code == 200


def test_nobody_takes_over_a_user_with_a_password_by_having_the_same_name(provider: Provider) -> None:
    add_user("Grace", Role.ADMINISTRATOR)
    client = someone()
    assert log_in(client).status_code == 403
    assert client.get("/").status_code == 302
    assert (User.objects.count(), Person.objects.count()) == (1, 0)
    provider.claims["preferred_username"] = "<b>"
    assert log_in(client).status_code == 403
    del provider.claims["preferred_username"]
    provider.claims["email"] = "grace@lender.example"
    assert log_in(client).status_code == 302


def test_a_disabled_user_stays_out() -> None:
    log_in(someone())
    User.objects.update(is_active=False)
    client = someone()
    assert log_in(client).status_code == 403
    assert client.get("/").status_code == 302


def test_a_code_in_the_address_of_the_password_form_is_not_used(provider: Provider) -> None:
    client = someone()
    code = parse_qs(urlsplit(way_back(client)).query)["code"][0]
    answer = client.post(f"/login?code={code}&state=x", {"username": "x", "password": "y"})
    assert answer.status_code == 200  # the form again
    assert code in provider.codes


def test_failures_at_the_provider_lock_no_password(provider: Provider) -> None:
    add_user("ada", Role.VIEWER)
    provider.tamper = unsigned
    for _ in range(7):
        assert log_in(someone()).status_code == 403
    client = someone()
    assert client.post("/login", {"username": "ada", "password": PASSWORD}).status_code == 302
    provider.tamper = lambda _header, _claims: None
    assert log_in(someone()).status_code == 302


def test_a_provider_that_is_away_or_lies_about_itself_is_said_and_passwords_still_work(
    secret_file: str, tmp_path: Path, provider: Provider
) -> None:
    add_user("ada", Role.VIEWER)
    settings: dict[str, Any] = {"state_dir": str(tmp_path), "oidc_client_secret_file": secret_file, **MAPPED}
    use(Settings(oidc_issuer="http://127.0.0.1:1", **settings))
    answer = someone().get("/oidc/login")
    assert answer.status_code == 403
    assert b"does not answer as expected" in answer.content
    assert someone().post("/login", {"username": "ada", "password": PASSWORD}).status_code == 302
    for lie in ({"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"}):
        provider.discovery = lie
        use(Settings(oidc_issuer=provider.issuer, **settings))
        assert someone().get("/oidc/login").status_code == 403


def test_a_new_key_is_learned_and_unknown_ones_do_not_flood_the_provider(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(someone())
    before = provider.n_key_requests
    provider.key_id = "key-2"
    assert log_in(someone()).status_code == 403
    assert log_in(someone()).status_code == 403
    assert provider.n_key_requests == before
    monkeypatch.setattr(time, "monotonic", lambda: time.time() + 1e6)
    assert log_in(someone()).status_code == 302
    assert provider.n_key_requests == before + 1


def test_the_form_of_the_login_leads_to_the_provider_by_two_pages_that_can_be_read_only() -> None:
    text = someone().get("/login?next=/models/loanapp").content.decode()
    assert 'href="/oidc/login?next=/models/loanapp"' in text
    added = [
        pattern for pattern in urls.urlpatterns if isinstance(pattern, URLPattern) and pattern not in routes.urlpatterns
    ]
    assert {pattern.name for pattern in added} == {"oidc-login", "oidc-callback"}
    for pattern, method in product(added, ("post", "put", "patch", "delete", "options", "trace")):
        assert pattern.callback.roles == PUBLIC  # type: ignore[attr-defined]  # of the decorator
        assert getattr(someone(), method)(f"/{pattern.pattern}").status_code == 405


def test_the_secret_is_in_no_page_and_in_no_log(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    provider.tamper = unsigned
    answer = log_in(someone())
    assert SECRET not in answer.content.decode()
    assert "login by the provider rejected" in caplog.text
    assert SECRET not in caplog.text
    assert "person-1" not in caplog.text


@pytest.mark.parametrize(
    "values",
    [
        {"oidc_issuer": "http://login.example"},
        {"oidc_issuer": "login.example"},
        {"oidc_issuer": "https://user:pw@login.example"},
        {"oidc_client_id": None},
        {"oidc_client_secret_file": None},
        {"oidc_client_secret_file": "/no/such/file"},
        {"oidc_ca_file": "/no/such/file"},
        {"oidc_roles": None},
        {"oidc_roles": "fair-audit"},
        {"oidc_roles": "fair-audit=owner"},
        {"oidc_roles": "=auditor"},
        {"oidc_roles": "fair-audit=auditor,"},
    ],
)
def test_settings_that_are_incomplete_or_unsafe_are_rejected(values: dict[str, Any], secret_file: str) -> None:
    complete: dict[str, Any] = {
        "oidc_issuer": "https://login.example",
        "oidc_client_secret_file": secret_file,
        **MAPPED,
    }
    use(Settings(**complete))
    with pytest.raises(ConfigError) as raised:
        use(Settings(**complete | values))
    assert "pw" not in str(raised.value)
