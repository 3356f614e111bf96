"""Workers with exactly the rights of their role, one of which is killed: the short form of ``make secure-check``."""

from __future__ import annotations

import pytest

import fairstream
from stream_app.settings import connection_environ
from tests.support.servers.secured.stage import Stage

pytestmark = pytest.mark.timeout(900)


def test_a_worker_counts_all_through_a_crash_and_its_results_are_verified(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = stage.check
    check.count_and_judge(rotate_password=False)
    check.expect("auditor", "verify", "replay", "verify", "--model", stage.site.models[0]["name"])
    assert [str(report) for report in check.reports.values() if report.faults] == []
    for name, value in connection_environ({}, stage.users["web"]).items():
        monkeypatch.setenv(name, value)
    assert len(fairstream.results(stage.site.policy_file)) > 0
