"""The tiers of the tests, by folder, and what happens when the server that a tier needs is missing."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

TIERS = {
    "unit": "one module each, without Kafka; parts of edges start their own small servers",
    "property": "laws that are true of any input (hypothesis)",
    "contract": "one suite for each interface, run over every implementation",
    "internals": "private parts of Faust and aiokafka that the lanes depend on",
    "broker": "against a real Kafka",
    "e2e": "whole commands, as a person runs them",
}


def is_ci() -> bool:
    """Return whether this run decides about a change."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def skip_or_fail(reason: str) -> NoReturn:
    """End a test whose server is not on this machine: skipped for a developer, failed in CI."""
    if is_ci():
        pytest.fail(f"{reason} (CI must have it)", pytrace=False)
    pytest.skip(reason)
