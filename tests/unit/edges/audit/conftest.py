"""A test here may write an audit log with a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.edges.audit.log import AuditLog
from tests.support.audit_logs import KEY, Clock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_log(folder: Path, clock: Clock) -> Callable[..., AuditLog]:
    return lambda **options: AuditLog(folder, KEY, now=clock, **options)
