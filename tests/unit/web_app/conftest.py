"""Every test here sees the web application with an empty database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.web.pages import empty_database, set_up
from tests.support.web.window_results import POLICY

set_up()  # before the modules of the tests import what needs Django's settings


@pytest.fixture(autouse=True)
def database() -> Iterator[None]:
    """Undo what a test stores."""
    with empty_database(POLICY):
        yield
