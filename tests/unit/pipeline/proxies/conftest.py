"""Every test here may look at one stream of people whose groups are estimated."""

from __future__ import annotations

import pytest

from tests.support.estimated_groups import by_minute, decisions, policy
from tests.support.feeds import Run, play


@pytest.fixture(scope="session")
def run() -> Run:
    return play(by_minute(decisions(40_000, unfair=range(15_000, 30_000))), policy())
