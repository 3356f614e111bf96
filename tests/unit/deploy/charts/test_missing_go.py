"""A machine without Helm and Go skips the tests of the chart and says why; CI fails them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.charts import go_modules
from tests.support.charts.helm import need_helm


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(go_modules, "_USUAL", tmp_path / "go")


def test_a_developer_learns_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Go is not installed, which builds Helm"):
        need_helm()


def test_ci_must_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI must have it"):
        need_helm()
