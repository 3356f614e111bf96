"""``fairstream web`` with an OpenID Connect provider, as a person uses it: one link, and back with a role."""

from __future__ import annotations

from pathlib import Path

from tests.support.web.application import Application
from tests.support.web.provider import CLIENT_ID, SECRET, open_provider


def test_a_person_logs_in_by_the_provider_and_a_wrong_setting_ends_the_command(tmp_path: Path) -> None:
    secret = tmp_path / "oidc-secret"
    secret.write_text(SECRET, "utf-8")
    with open_provider() as provider:
        environ = {
            "FAIRSTREAM_KAFKA": "127.0.0.1:1",
            "FAIRSTREAM_OIDC_ISSUER": provider.issuer,
            "FAIRSTREAM_OIDC_CLIENT_ID": CLIENT_ID,
            "FAIRSTREAM_OIDC_CLIENT_SECRET_FILE": str(secret),
            "FAIRSTREAM_OIDC_ROLES": "fair-audit=auditor",
        }
        application = Application(tmp_path, environ)
        with application.run():
            assert "Log in by your organization" in application.page(f"{application.address}/login")
            page = application.page(f"{application.address}/oidc/login?next=/models/loans")
            assert "grace (auditor)" in page
            assert "<h1>loans: " in page
            assert SECRET not in application.log
        assert provider.faults == []
    application.environ["FAIRSTREAM_OIDC_ROLES"] = "fair-audit=owner"
    ended = application.command("run")
    assert ended.returncode == 2
    assert "Invalid FAIRSTREAM_OIDC_ROLES" in ended.stderr
