"""Accepted findings: each for a reason and a time. What needs the network is not asked here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from tests.programs.audit.__main__ import EXCEPTIONS, main
from tests.programs.audit.exceptions import MAX_DAYS, AuditException, judge, read_exceptions
from tests.programs.audit.findings import Finding, ToolError, insecure_code, read_pip_audit, vulnerabilities

TODAY = dt.date(2027, 1, 15)
CVE = Finding("PYSEC-2027-1", frozenset({"CVE-2027-1"}), "jinja 3.1.2", "fixed in 3.1.3")
B608 = Finding("B608", frozenset({"hardcoded_sql_expressions"}), "stream_app/topics.py", "line 7: SQL")


def exception(**changes: object) -> AuditException:
    accepted = AuditException(
        id="CVE-2027-1", where=("jinja",), reason="Not called.", decided=TODAY, expires=TODAY + dt.timedelta(days=30)
    )
    return msgspec.structs.replace(accepted, **changes)


def test_a_finding_fails_and_an_exception_accepts_it_by_any_of_its_ids() -> None:
    assert judge([CVE], [], TODAY) == ["PYSEC-2027-1 in jinja 3.1.2, fixed in 3.1.3"]
    assert judge([CVE], [exception()], TODAY) == []
    assert judge([CVE], [exception(id="PYSEC-2027-1")], TODAY) == []
    assert judge([CVE], [exception()], TODAY + dt.timedelta(days=30)) == []


@pytest.mark.parametrize("other", [{"id": "CVE-2027-2"}, {"where": ("jinja-2",)}, {"where": ("jin",)}])
def test_an_exception_accepts_nothing_else(other: dict[str, object]) -> None:
    problems = judge([CVE], [exception(**other)], TODAY)
    assert len(problems) == 2
    assert problems[0].startswith("exception that nothing needs")
    assert problems[1].startswith("PYSEC-2027-1")


def test_an_exception_for_a_folder_accepts_its_files_and_no_others() -> None:
    accepted = exception(id="B608", where=("stream_app/*",))
    assert judge([B608], [accepted], TODAY) == []
    elsewhere = B608._replace(where="producers/event.py")
    assert judge([B608, elsewhere], [accepted], TODAY) == ["B608 in producers/event.py, line 7: SQL"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"expires": TODAY - dt.timedelta(days=1), "decided": dt.date(2026, 12, 1)}, "expired on 2027-01-14"),
        ({"expires": TODAY + dt.timedelta(days=MAX_DAYS + 1)}, f"for more than {MAX_DAYS} days"),
        ({"expires": TODAY - dt.timedelta(days=1)}, "ends before its decision"),
        ({"decided": TODAY + dt.timedelta(days=1)}, "decided in the future"),
        ({"reason": " "}, "without a reason"),
    ],
)
def test_an_exception_that_is_not_valid_fails_although_its_finding_is_there(
    changes: dict[str, object], problem: str
) -> None:
    problems = judge([CVE], [exception(**changes)], TODAY)
    assert any(problem in one for one in problems), problems


def test_an_exception_without_a_day_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.toml"
    path.write_text('[[exception]]\nid = "B101"\nwhere = ["a"]\nreason = "r"\ndecided = 2027-01-01\n', "utf-8")
    with pytest.raises(msgspec.ValidationError, match="expires"):
        read_exceptions(path)


def test_bandit_finds_what_is_insecure_and_says_when_it_cannot_read(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "a.py").write_text("import pickle\n\n\ndef load(data):\n    return pickle.loads(data)\n", "utf-8")
    found = insecure_code(["code"], tmp_path)
    assert {(one.id, one.where) for one in found} == {("B403", "code/a.py"), ("B301", "code/a.py")}
    (code / "b.py").write_text("def (:\n", "utf-8")
    with pytest.raises(ToolError, match="could not read"):
        insecure_code(["code"], tmp_path)


def test_all_that_bandit_finds_in_the_product_is_accepted_for_a_time() -> None:
    exceptions = [one for one in read_exceptions(EXCEPTIONS) if one.id.startswith("B")]
    newest = max(one.decided for one in exceptions)  # whether one has expired is for `make audit`: a test has no clock
    assert judge(insecure_code(), exceptions, newest) == []


def test_pip_audit_can_read_every_lock() -> None:
    assert vulnerabilities("--dry-run") == []


def test_without_the_network_the_audit_checks_the_rest_and_is_incomplete(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # nobody answers there
    assert main([]) == 2
    out, err = capfd.readouterr()
    assert out.startswith("audit: INCOMPLETE: ")
    assert "not checked, which needs the network: the locks build, run, dev: " in err


def test_a_package_that_was_not_looked_up_is_no_pass() -> None:
    with pytest.raises(ToolError, match="skipped fairstream"):
        read_pip_audit(b'{"dependencies": [{"name": "fairstream", "skip_reason": "not found"}], "fixes": []}')
