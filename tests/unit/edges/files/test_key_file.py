"""The key file: made once by a person, safe or refused, never shown."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.core.privacy.pseudonym import PATTERN, Pseudonymizer
from stream_app.edges.files.key_file import add_key, create_key_file, key_file_path, load_keys
from stream_app.errors import KeyFileError, WriteError
from tests.support.key_files import SECRET, key, put, stored


def test_a_new_key_file_is_private_and_its_key_is_valid_for_all_times(path: Path) -> None:
    made = create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_keys(path) == (made,)
    assert made.valid_from_s == 0
    assert PATTERN.fullmatch(Pseudonymizer([made], "d", "text").pseudonym(b"1", 0))


def test_two_installations_never_share_a_key(tmp_path: Path) -> None:
    keys = [create_key_file(key_file_path(tmp_path / str(number))) for number in range(20)]
    assert len({key.secret for key in keys}) == len({key.kid for key in keys}) == 20


def test_a_second_init_changes_nothing(path: Path) -> None:
    create_key_file(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="exists already"):
        create_key_file(path)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(WriteError, match=r"Cannot write .*Not a directory"):
        create_key_file(key_file_path(tmp_path / "state"))


def test_a_rotated_file_contains_both_epochs_and_keeps_its_mode(path: Path) -> None:
    first = create_key_file(path)
    second = add_key(path, 1_800_000_000)
    assert load_keys(path) == (first, second)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.secret != second.secret
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("valid_from_s", [0, -1, 1_800_000_000, 1_799_999_999])
def test_an_epoch_cannot_begin_inside_or_before_another(path: Path, valid_from_s: int) -> None:
    create_key_file(path)
    add_key(path, 1_800_000_000)
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="begins then or later"):
        add_key(path, valid_from_s)
    assert path.read_bytes() == before


def test_rotation_needs_an_existing_file(path: Path) -> None:
    with pytest.raises(KeyFileError, match="fairstream keys init"):
        add_key(path, 5)


def test_a_leftover_of_a_failed_rotation_does_not_stop_the_next(path: Path) -> None:
    create_key_file(path)
    path.with_suffix(".new").write_text("half a file")
    add_key(path, 5)
    assert len(load_keys(path)) == 2


Spoil = Callable[[Path], object]


def linked(path: Path) -> None:
    put(path.with_name("elsewhere.json"), stored(key()))
    path.symlink_to(path.with_name("elsewhere.json"))


def linked_to_nothing(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("gone")


def piped(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    os.mkfifo(path, 0o600)


def in_an_open_folder(path: Path) -> None:
    put(path, stored(key()))
    path.parent.chmod(0o777)


UNSAFE: dict[str, tuple[Spoil, str]] = {
    "missing": (lambda path: path.parent.mkdir(parents=True), "does not exist.*keys init"),
    "0644": (lambda path: put(path, stored(key()), 0o644), "can be read by others.*chmod 600"),
    "0640": (lambda path: put(path, stored(key()), 0o640), "can be read by others"),
    "0602": (lambda path: put(path, stored(key()), 0o602), "can be read by others"),
    "a folder that others can write": (in_an_open_folder, "can be replaced by others.*chmod 700"),
    "a symlink": (linked, "is a link"),
    "a symlink to nothing": (linked_to_nothing, "is a link"),
    "a directory": (lambda path: path.mkdir(parents=True), "it is a folder"),
    "a named pipe": (piped, "not a regular file"),
    "empty": (lambda path: put(path, b""), "is not a key file"),
    "not JSON": (lambda path: put(path, b"{"), "is not a key file"),
    "not UTF-8": (lambda path: put(path, b'{"schema": 1, "keys": "\xff"}'), "is not a key file"),
    "another shape": (lambda path: put(path, b'{"schema": 1, "keys": {}}'), "is not a key file"),
    "a later format": (lambda path: put(path, stored(key(), schema=2)), "of this version"),
    "an unknown field": (lambda path: put(path, stored(key(use="x"))), "is not a key file"),
    "no key": (lambda path: put(path, stored()), "is not a key file"),
    "a short key": (lambda path: put(path, stored(key(secret=SECRET[:-1]))), "wrong length"),
    "a long key": (lambda path: put(path, stored(key(secret=SECRET + b"x"))), "wrong length"),
    "not base64": (lambda path: put(path, stored(key() | {"secret": "!" * 44})), "is not a key file"),
    "two keys with one kid": (
        lambda path: put(path, stored(key(), key(valid_from_s=5))),
        "two keys with the same name or start",
    ),
    "two keys from one moment": (
        lambda path: put(path, stored(key(), key("zyxwvuts"))),
        "two keys with the same name or start",
    ),
    "a kid that no pseudonym can carry": (lambda path: put(path, stored(key("Not.Ok"))), "is not a key file"),
}


@pytest.mark.parametrize("fault", UNSAFE)
def test_an_unsafe_key_file_is_rejected_with_what_to_do_and_without_its_content(path: Path, fault: str) -> None:
    spoil, says = UNSAFE[fault]
    spoil(path)
    with pytest.raises(KeyFileError, match=says) as rejected:
        load_keys(path)
    said = str(rejected.value)
    assert base64.b64encode(SECRET).decode()[:8] not in said
    assert str(path) in said
    assert rejected.value.__cause__ is None
    assert rejected.value.__suppress_context__ or rejected.value.__context__ is None


def test_a_file_of_another_user_is_rejected(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key_file(path)
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(KeyFileError, match="belongs to another user"):
        load_keys(path)


def test_a_folder_of_keys_that_is_a_link_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "keys").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="is a link"):
        create_key_file(key_file_path(tmp_path))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_keys_below_a_folder_that_anybody_may_change_are_rejected(tmp_path: Path) -> None:
    path = key_file_path(tmp_path / "state")
    create_key_file(path)
    for mode, is_safe in ((0o755, True), (0o775, True), (0o1777, True), (0o777, False), (0o702, False)):
        (tmp_path / "state").chmod(mode)
        if is_safe:
            assert len(load_keys(path)) == 1
        else:
            with pytest.raises(KeyFileError, match=r"can be replaced by others\. chmod o-w"):
                load_keys(path)
