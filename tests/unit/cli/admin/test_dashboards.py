"""``fairstream dashboards export``, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_app.edges.files.dashboards import export_dashboards
from stream_app.errors import WriteError
from tests.support.boards.board_queries import BOARDS, FOLDER


def test_the_exported_files_are_the_committed_ones(tmp_path: Path) -> None:
    written = export_dashboards(tmp_path / "new")
    assert [path.relative_to(tmp_path / "new") for path in written] == sorted(
        path.relative_to(FOLDER) for path in FOLDER.rglob("*.json")
    )
    for path in written:
        assert path.read_bytes() == (FOLDER / path.relative_to(tmp_path / "new")).read_bytes()
    assert export_dashboards(tmp_path / "new") == written, "again, over the same files"


@pytest.mark.parametrize("url", ["https://wiki.example/runbooks", "https://wiki.example/runbooks/"])
def test_links_to_runbooks_lead_where_they_are_told_to(tmp_path: Path, url: str) -> None:
    texts = [path.read_text("utf-8") for path in export_dashboards(tmp_path, runbooks_url=url)]
    assert {json.loads(text)["uid"] for text in texts} == set(BOARDS)
    assert not any("127.0.0.1" in text for text in texts)
    assert any('"https://wiki.example/runbooks/FairnessBreach"' in text for text in texts)


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(WriteError, match=r"Cannot write .*Not a directory"):
        export_dashboards(file)
