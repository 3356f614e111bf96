"""A test here may have the path of a key file that does not exist yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.edges.files.key_file import key_file_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return key_file_path(tmp_path / "state")
