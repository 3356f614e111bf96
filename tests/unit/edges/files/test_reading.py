"""A file that others could have changed, replaced or read is refused, with what to do, whoever reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.edges.files.count_file import read_rows
from stream_app.edges.files.json_lines import read_json_lines
from stream_app.edges.files.reading import read_guarded
from stream_app.edges.inspection.sample_file import read_sample
from stream_app.errors import ConfigError, KeyFileError

Spoil = Callable[[Path], object]


def list_lines(path: Path, n: int) -> object:
    return read_json_lines(path, n, now_s=0.0)


def list_counts(path: Path, _: int) -> list[object]:
    return list(read_rows(str(path)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that only its owner can access, in a folder of the same kind."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    (folder / "file").touch(mode=0o600)
    (folder / "file").write_bytes(b"content")
    return folder / "file"


def linked(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to("other")


def replaced(make: Spoil) -> Spoil:
    def spoil(path: Path) -> None:
        path.unlink()
        make(path)

    return spoil


SPOILED: dict[str, tuple[Spoil, str]] = {
    "missing": (Path.unlink, r"does not exist\. Make one"),
    "a link": (linked, r"it is a link\. Put the file itself there"),
    "a folder": (replaced(Path.mkdir), r"it is a folder\. Put the file itself there"),
    "a pipe": (replaced(os.mkfifo), r"is not a regular file\. Put the file itself there"),
    "too large": (lambda path: path.write_bytes(bytes(11)), r"is larger than 10 bytes"),
    "changed by all": (lambda path: path.chmod(0o602), r"by others\. chmod 600"),
    "changed by its group": (lambda path: path.chmod(0o620), r"by others\. chmod 600"),
}


@pytest.mark.parametrize("is_secret", [True, False])
@pytest.mark.parametrize(("spoil", "said"), SPOILED.values(), ids=SPOILED.keys())
def test_a_file_that_is_not_what_its_owner_left_is_refused(
    path: Path, spoil: Spoil, said: str, *, is_secret: bool
) -> None:
    spoil(path)
    with pytest.raises(KeyFileError, match=said):
        read_guarded(path, is_secret=is_secret, max_bytes=10, error=KeyFileError, create="Make one")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_others_may_read_what_is_not_secret(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert read_guarded(path, is_secret=False) == b"content"
    with pytest.raises(ConfigError, match=r"can be read by others\. chmod 600"):
        read_guarded(path)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o755, 0o1777])
def test_a_folder_in_which_others_can_rename_files_guards_only_what_is_signed(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    if mode in (0o755, 0o1777):
        assert read_guarded(path) == b"content"
    else:
        with pytest.raises(ConfigError, match=r"can be replaced by others\. chmod 700"):
            read_guarded(path)
    assert read_guarded(path, in_guarded_folder=False) == b"content"


@pytest.mark.parametrize("opened", ["above the link", "above the folder", "the folder", None])
def test_a_linked_folder_is_refused_where_others_can_change_the_link_or_where_it_leads(
    tmp_path: Path, opened: str | None
) -> None:
    places = {"above the link": tmp_path / "links", "above the folder": tmp_path / "far"}
    for place in places.values():
        place.mkdir(mode=0o700)
    places["the folder"] = places["above the folder"] / "real"
    places["the folder"].mkdir(mode=0o700)
    (places["the folder"] / "file").write_bytes(b"content")
    (places["the folder"] / "file").chmod(0o600)
    (places["above the link"] / "link").symlink_to(places["the folder"])
    linked = places["above the link"] / "link" / "file"
    if opened is None:
        assert read_guarded(linked) == b"content"
        return
    places[opened].chmod(0o777)
    with pytest.raises(ConfigError, match="can be replaced by others"):
        read_guarded(linked)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_or_folder_of_another_user_is_refused(path: Path) -> None:
    os.chown(path.parent, 1234, -1)
    with pytest.raises(ConfigError, match="can be replaced by others"):
        read_guarded(path)
    os.chown(path, 1234, -1)
    for is_secret in (True, False):
        with pytest.raises(ConfigError, match=f"belongs to another user. chown it to user {os.geteuid()}"):
            read_guarded(path, is_secret=is_secret)


@pytest.mark.parametrize("read", [read_sample, list_lines, list_counts])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links. A link in the path leads back"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory. Check its name"),
        (lambda path: path.mkdir(), "Is a directory. Give the name of a file in it"),
    ],
)
def test_an_input_that_cannot_be_opened_says_why_and_what_to_do(
    tmp_path: Path, read: Callable[[Path, int], object], make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path / "input")
    with pytest.raises(ConfigError, match=f"Cannot read .*input'?: {said}"):
        read(tmp_path / "input", 10)
