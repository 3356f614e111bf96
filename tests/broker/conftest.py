"""Brokers of single tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.errors import DependencyMissingError
from tests.support.servers.brokers import START_S
from tests.support.tiers import skip_or_fail


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[str]:
    """A broker that no other test reads, for one that writes what nobody can read."""
    try:
        with LocalKafka(tmp_path / "kafka", start_timeout_s=START_S) as broker:
            yield broker.bootstrap
    except DependencyMissingError as missing:
        skip_or_fail(f"No Kafka for the tests: {missing}")
