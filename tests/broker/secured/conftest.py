"""The secured broker, started once in a process of tests, and an installation on it for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers.secured.kafka import SecuredKafka, open_secured_kafka
from tests.support.servers.secured.stage import Stage, open_stage


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with open_secured_kafka(tmp_path_factory.mktemp("secured")) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def stage(secured_kafka: SecuredKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(secured_kafka, tmp_path_factory.mktemp("site")) as stage:
        yield stage
