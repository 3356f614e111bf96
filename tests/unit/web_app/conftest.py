"""Every test here sees the web application with an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from tests.support.web.pages import empty_database, set_up
from tests.support.web.window_results import POLICY

set_up()  # before the modules of the tests import what needs Django's settings


@pytest.fixture(autouse=True)
def database() -> Iterator[None]:
    """Undo what a test stores."""
    with empty_database(POLICY):
        yield


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give the application a state folder with an audit log."""
    from django.conf import settings  # noqa: PLC0415  # the names are the same

    made = Settings(state_dir=str(tmp_path))
    create_log(made, "example/audit")
    monkeypatch.setattr(settings, "FAIRSTREAM", made)
    return made
