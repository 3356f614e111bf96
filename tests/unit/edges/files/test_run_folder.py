"""The folder of a replay run is complete or not there."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from stream_app.edges.files.run_folder import list_runs, new_run
from stream_app.errors import WriteError


def test_a_disk_that_fills_up_during_a_run_leaves_no_folder(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(WriteError, match=r"Cannot write .*results"), new_run(tmp_path, "r1") as folder:
            folder.write("results-0.jsonl", b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "replays").iterdir()) == []
    assert list_runs(tmp_path) == []


@pytest.mark.parametrize("state_dir", ["file", "/proc/nowhere", "n" * 300])
def test_a_state_folder_that_cannot_be_written_is_an_error(tmp_path: Path, state_dir: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="Cannot write"), new_run(tmp_path / state_dir, "r1"):
        pytest.fail("there is no folder to write to")
