"""The ledger of releases of replays."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.core.releases.ranges import ReleasedSum
from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.errors import ConfigError, ReleaseRefusedError

HOUR = ReleasedSum("race", frozenset({("black",)}), 0, 3600, 300)


def release(folder: Path, *sums: ReleasedSum, model: str = "loans", topic: str = "loan-decisions") -> None:
    ReleaseFile(folder).release(model, topic, sums, 10)


def test_what_was_shown_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    with pytest.raises(
        ReleaseRefusedError, match=r"fewer than 10 people of race between 1970-01-01T01:00:00"
    ) as refused:
        release(tmp_path, HOUR._replace(end_s=3610, n=304))
    assert "same range" in str(refused.value)


def test_a_refused_release_is_not_noted(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    before = (tmp_path / "releases.jsonl").read_bytes()
    with pytest.raises(ReleaseRefusedError):
        release(tmp_path, HOUR._replace(end_s=3610, n=304))
    assert (tmp_path / "releases.jsonl").read_bytes() == before


def test_the_same_release_again_is_not_written_again(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    before = (tmp_path / "releases.jsonl").read_bytes()
    release(tmp_path, HOUR)
    assert (tmp_path / "releases.jsonl").read_bytes() == before


def test_models_and_topics_are_apart(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    release(tmp_path, HOUR._replace(end_s=3610, n=304), model="credit")
    release(tmp_path, HOUR._replace(end_s=3610, n=304), topic="copy")


def test_a_line_that_was_only_begun_is_nobodys(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    path = tmp_path / "releases.jsonl"
    path.write_bytes(path.read_bytes() + b'{"model": "lo')
    release(tmp_path, HOUR._replace(start_s=7200, end_s=9000))
    assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize("damage", [b"{}\n", b"\xff\n", b'{"model":1,"topic":"t","sums":[]}\n'])
def test_a_changed_file_is_an_error(tmp_path: Path, damage: bytes) -> None:
    release(tmp_path, HOUR)
    (tmp_path / "releases.jsonl").write_bytes(damage)
    with pytest.raises(ConfigError, match="changed by something else"):
        release(tmp_path, HOUR)


def test_a_file_that_others_can_read_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "releases.jsonl").touch(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        release(tmp_path, HOUR)
    (tmp_path / "releases.jsonl").unlink()
    (tmp_path / "releases.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is a link"):
        release(tmp_path, HOUR)
    assert not (tmp_path / "elsewhere").exists()
