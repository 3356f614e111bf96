"""A log that was changed, cut or restored, or lacks a segment, takes no entry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.edges.audit.checkpoint_file import CheckpointFile
from stream_app.edges.audit.log import AuditLog
from stream_app.edges.audit.segments import list_segments
from stream_app.errors import CutLogError, DamagedLogError
from tests.support.audit_logs import numbered
from tests.support.log_folders import numbers_of


def test_nothing_is_appended_to_a_log_that_was_changed_or_cut(folder: Path, open_log: Callable[..., AuditLog]) -> None:
    log = open_log()
    log.append(numbered(0, 20))
    log.checkpoint()
    path = folder / list_segments(folder)[0].name
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"number":7', b'"number":8'))
    with pytest.raises(DamagedLogError, match="entry 8: the next entry contains another hash of it"):
        open_log().append(numbered(20, 21))
    path.write_bytes(b"".join(good.splitlines(keepends=True)[:-2]))
    with pytest.raises(CutLogError, match="has 19 entries, and its newest checkpoint has 21"):
        open_log().append(numbered(20, 21))
    path.write_bytes(good)
    open_log().append(numbered(20, 21))
    assert numbers_of(folder) == list(range(21))


def test_a_folder_that_was_restored_from_a_backup_is_shorter_than_its_anchor(
    folder: Path, open_log: Callable[..., AuditLog], tmp_path: Path
) -> None:
    log = open_log()
    log.append(numbered(0, 3))
    backup = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    log.append(numbered(3, 6))
    newest = log.checkpoint()
    assert newest is not None
    anchor = CheckpointFile(tmp_path / "elsewhere" / "checkpoints.jsonl")
    anchor.append(newest)
    for path in folder.rglob("*.jsonl"):
        path.unlink()
    for path, content in backup.items():
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(CutLogError):
        open_log(anchors=[anchor]).append(numbered(3, 4))


def test_a_missing_segment_is_damage(folder: Path, open_log: Callable[..., AuditLog]) -> None:
    for start in range(0, 40, 4):
        open_log(max_segment_bytes=1500).append(numbered(start, start + 4))
    (folder / list_segments(folder)[1].name).unlink()
    with pytest.raises(DamagedLogError, match="a segment is missing"):
        open_log().append(numbered(0, 1))
