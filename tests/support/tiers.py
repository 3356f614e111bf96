"""The tiers of the tests, by folder, and what happens when a tier lacks its real part."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

TIERS = {
    "unit": "pure logic, no I/O",
    "property": "laws that hold for any input (hypothesis)",
    "contract": "one suite for each port, run over every implementation",
    "internals": "private parts of Faust and aiokafka that the lanes depend on",
    "broker": "against a real Kafka",
    "e2e": "whole commands, as a person runs them",
}


def is_ci() -> bool:
    """Tell whether this run decides about a change."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def skip_or_fail(reason: str) -> NoReturn:
    """End a test whose real part is not on this machine: skipped for a person, failed where it counts."""
    if is_ci():
        pytest.fail(f"{reason} (CI must have it)", pytrace=False)
    pytest.skip(reason)
