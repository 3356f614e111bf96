"""The ledger of releases of replays."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from stream_app.core.releases.knowledge import Knowledge
from stream_app.core.releases.related import Count, People
from stream_app.edges.releases import release_file
from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.errors import ConfigError

BLACK = People("race", frozenset({("black",)}))
HOUR = Count(BLACK, 0, 3600, 300)
TEN_SECONDS_MORE = HOUR._replace(end=3610, n=304)


def release(folder: Path, *counts: Count, model: str = "loans", topic: str = "loan-decisions") -> list[bool]:
    with ReleaseFile(folder).release(model, topic, 10) as knowledge:
        return list(map(knowledge.add_if_safe, counts))


def test_what_was_shown_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    assert release(tmp_path, HOUR) == [True]
    assert release(tmp_path, TEN_SECONDS_MORE) == [False]


def test_what_is_withheld_is_not_noted(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    before = (tmp_path / "releases.jsonl").read_bytes()
    release(tmp_path, TEN_SECONDS_MORE)
    assert (tmp_path / "releases.jsonl").read_bytes() == before


def test_after_an_error_nothing_is_noted(tmp_path: Path) -> None:
    with suppress(ZeroDivisionError), ReleaseFile(tmp_path).release("loans", "topic", 10) as knowledge:
        knowledge.add(HOUR)
        raise ZeroDivisionError
    assert not (tmp_path / "releases.jsonl").read_bytes()


def test_the_same_release_again_is_not_written_again(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    before = (tmp_path / "releases.jsonl").read_bytes()
    assert release(tmp_path, HOUR) == [True]
    assert (tmp_path / "releases.jsonl").read_bytes() == before


def test_models_and_topics_are_apart(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    assert release(tmp_path, TEN_SECONDS_MORE, model="credit") == [True]
    assert release(tmp_path, TEN_SECONDS_MORE, topic="copy") == [True]


def test_a_line_that_was_only_begun_is_nobodys(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    path = tmp_path / "releases.jsonl"
    path.write_bytes(path.read_bytes() + b'{"model": "lo')
    release(tmp_path, HOUR._replace(start=7200, end=9000))
    assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize("damage", [b"{}\n", b"\xff\n", b'{"model":1,"topic":"t","chains":[]}\n'])
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


def test_many_lines_become_one_for_each_log_and_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_file, "_MOST_LINES", 50)
    for minute in range(60):
        release(tmp_path, Count(BLACK, 60 * minute, 60 * minute + 60, 20), topic="even" if minute % 2 else "odd")
    release(tmp_path, HOUR)
    lines = (tmp_path / "releases.jsonl").read_bytes().splitlines()
    assert len(lines) < 20
    assert (tmp_path / "releases.jsonl").stat().st_mode & 0o777 == 0o600
    assert release(tmp_path, Count(BLACK, 60, 120, 21), topic="even") == [False]
    assert release(tmp_path, Count(BLACK, 60, 120, 20), Count(BLACK, 65, 120, 18), topic="even") == [True, False]
    assert release(tmp_path, TEN_SECONDS_MORE) == [False]


def test_a_writer_that_waits_sees_the_file_that_has_replaced_the_old_one(tmp_path: Path) -> None:
    release(tmp_path, HOUR)
    file = ReleaseFile(tmp_path)
    with file.locked() as old:
        (tmp_path / "new").write_bytes((tmp_path / "releases.jsonl").read_bytes())
        (tmp_path / "new").chmod(0o600)
        (tmp_path / "new").replace(tmp_path / "releases.jsonl")
        with file.locked() as current:
            assert current != old
            file.append(current, (tmp_path / "releases.jsonl").read_bytes())
    assert len((tmp_path / "releases.jsonl").read_bytes().splitlines()) == 2


def test_what_follows_is_kept_once() -> None:
    knowledge = Knowledge(10)
    for count in (HOUR, Count(BLACK, 3600, 7200, 200), Count(BLACK, 0, 7200, 500)):
        assert knowledge.add_if_safe(count)
    [chain] = knowledge.everything()
    assert (chain.moments, chain.values) == ([0, 3600, 7200], [0, 300, 500])


def test_what_does_not_fit_into_the_file_is_not_shown_and_the_same_again_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_file, "_MOST_BYTES", 400)
    shown = [Count(BLACK, 60 * minute, 60 * minute + 60, 20) for minute in range(10)]
    release(tmp_path, *shown)
    minutes = [Count(BLACK, 6000 + 61 * minute, 6060 + 61 * minute, 20) for minute in range(100)]
    with pytest.raises(ConfigError, match="is full") as raised:
        release(tmp_path, *minutes)
    assert "Run a former command again" in str(raised.value.action)
    before = (tmp_path / "releases.jsonl").read_bytes()
    assert len(before) <= 400
    assert release(tmp_path, *shown) == [True] * 10
    assert (tmp_path / "releases.jsonl").read_bytes() == before


def test_a_full_file_is_joined_before_anything_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_file, "_MOST_BYTES", 600)
    for minute in range(30):
        assert release(tmp_path, Count(BLACK, 60 * minute, 60 * minute + 60, 20)) == [True]
    assert (tmp_path / "releases.jsonl").stat().st_size <= 600
    assert release(tmp_path, Count(BLACK, 0, 1795, 598)) == [False]


def test_what_was_withheld_stays_withheld_in_a_joined_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_file, "_MOST_LINES", 1)
    release(tmp_path, HOUR)
    with ReleaseFile(tmp_path).release("loans", "loan-decisions", 10) as knowledge:
        assert not knowledge.add_for_good(TEN_SECONDS_MORE)
    for minute in range(3):
        release(tmp_path, Count(BLACK, 7200 + 60 * minute, 7260 + 60 * minute, 20))
    assert len((tmp_path / "releases.jsonl").read_bytes().splitlines()) == 1
    with ReleaseFile(tmp_path).release("loans", "loan-decisions", 10) as knowledge:
        assert knowledge.is_withheld(TEN_SECONDS_MORE)
        assert not knowledge.is_withheld(HOUR)
