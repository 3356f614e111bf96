"""Users with passwords beside a provider: nobody takes them over, and failures there do not lock them."""

from __future__ import annotations

from itertools import product
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User
from django.urls import URLPattern

from stream_app.web_app import routes
from stream_app.web_app.accounts.access import PUBLIC
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.oidc import urls
from stream_app.web_app.oidc.models import Person
from tests.support.web.oidc.forgeries import unsigned
from tests.support.web.oidc.logins import log_in, someone, way_back
from tests.support.web.pages import PASSWORD, add_user
from tests.support.web.provider import Provider


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
