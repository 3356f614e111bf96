"""The way back from the provider: it works once, in the browser that began, and leads to this site only."""

from __future__ import annotations

import pytest

from stream_app.web_app.accounts.roles import Role
from tests.support.web.oidc.logins import assert_rejected, log_in, someone, way_back
from tests.support.web.pages import HOST, browser


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
