"""The cache of Kafka's jars: complete or empty, and only what is pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from stream_app.edges.kafka.local.jars import KAFKA_VERSION, _verify, cached_jars, pinned_hashes
from stream_app.errors import DependencyMissingError


def test_the_pins_name_the_broker_of_the_pinned_version_and_a_logging_backend() -> None:
    names = set(pinned_hashes())
    assert {f"kafka_2.13-{KAFKA_VERSION}.jar", f"kafka-clients-{KAFKA_VERSION}.jar"} <= names
    assert any(name.startswith("log4j-core-") for name in names)
    assert all(len(digest) == 64 for digest in pinned_hashes().values())


def test_a_cache_without_one_of_the_jars_is_not_complete(tmp_path: Path) -> None:
    folder = tmp_path / f"kafka-{KAFKA_VERSION}"
    folder.mkdir()
    assert cached_jars(tmp_path) == []
    for name in pinned_hashes():
        (folder / name).touch()
    assert len(cached_jars(tmp_path)) == len(pinned_hashes())
    next(folder.iterdir()).unlink()
    assert cached_jars(tmp_path) == []


def test_a_jar_with_other_content_is_rejected_by_name(tmp_path: Path) -> None:
    altered = f"kafka_2.13-{KAFKA_VERSION}.jar"
    (tmp_path / altered).write_bytes(b"not what was pinned")
    assert hashlib.sha256(b"not what was pinned").hexdigest() != pinned_hashes()[altered]
    with pytest.raises(DependencyMissingError, match=altered):
        _verify(tmp_path)


def test_a_jar_without_a_pin_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "stowaway-1.0.jar").write_bytes(b"x")
    with pytest.raises(DependencyMissingError, match=r"stowaway-1\.0\.jar"):
        _verify(tmp_path)
