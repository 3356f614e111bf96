"""Files are complete or not there, whatever the disk says; and the error says what to do."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from stream_app.edges.files.writing import make_folder, new_folder, write_file, write_new_file
from stream_app.errors import ConfigError, WriteError

Write = Callable[[Path, bytes | str], Path]
WRITERS = [write_file, write_new_file]


@contextmanager
def nearly_full_disk() -> Iterator[None]:
    """Let files grow to 100 bytes only, as a disk without space does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("write", WRITERS)
def test_a_disk_that_fills_up_leaves_no_file(tmp_path: Path, write: Write) -> None:
    with nearly_full_disk(), pytest.raises(WriteError, match=r"Cannot write .*out: File too large\. "):
        write(tmp_path / "out", b"x" * 1000)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_the_former_file(tmp_path: Path) -> None:
    path = write_file(tmp_path / "out", "former")
    with nearly_full_disk(), pytest.raises(WriteError):
        write_file(path, b"x" * 1000)
    assert path.read_text("utf-8") == "former"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("missing/out", "No such file or directory. Create the folder first"),
        ("file/out", "Not a directory. A part of the path is a file"),
        ("n" * 300, "File name too long. Choose a shorter name"),
        ("nul\0", "not a valid path. Choose another name"),
    ],
)
def test_a_path_that_cannot_be_written_is_an_error_that_says_what_to_do(
    tmp_path: Path, write: Write, name: str, advice: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError) as caught:
        write(tmp_path / name, b"x")
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="Is a directory"):
        write_file(tmp_path, b"x")


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    for number, write in enumerate(WRITERS):
        assert write(tmp_path / (str(number) * 255), b"x").read_bytes() == b"x"


@pytest.mark.parametrize("to", ["file", "nowhere", "link", "folder", "/dev/null"])
def test_nothing_is_written_through_a_link(tmp_path: Path, to: str) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("former", "utf-8")
    (tmp_path / "folder").mkdir()
    link.symlink_to(tmp_path / to)
    with pytest.raises(WriteError, match=r"it is a link\. Name what it leads to, or another path"):
        write_file(link, "new")
    with pytest.raises(ConfigError, match="exists already"), new_folder(link):
        raise AssertionError
    for path in (file, link):
        with pytest.raises(ConfigError, match="exists already"):
            write_new_file(path, "x")
    assert (file.read_text("utf-8"), link.is_symlink()) == ("former", True)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "link"]


def test_links_that_lead_back_to_themselves_are_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for write in WRITERS:
        with pytest.raises(WriteError, match="A link in the path leads back to itself"):
            write(tmp_path / "loop" / "out", "x")


def test_a_pipe_is_written_to_its_reader_and_blocks_for_none(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(WriteError, match="Start the program that reads the pipe first"):
        write_file(pipe, "x")
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "x" * 1000)
    assert os.read(reading, 2000) == b"x" * 1000
    os.close(reading)
    assert pipe.is_fifo()


def test_a_stream_of_the_process_is_written_directly(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+b") as file:
        write_file(Path(f"/dev/fd/{file.fileno()}"), "x")
        assert file.read() == b"x"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_new_folder_is_private_and_is_removed_with_its_files_when_something_fails(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a") as folder:
        write_new_file(folder / "kept", "x")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def fill_disk() -> None:
        with nearly_full_disk(), new_folder(tmp_path / "b") as folder:
            write_new_file(folder / "first", "x")
            write_new_file(folder / "second", "x" * 1000)

    with pytest.raises(WriteError, match="File too large"):
        fill_disk()
    with pytest.raises(ConfigError, match="exists already"), new_folder(tmp_path / "a"):
        raise AssertionError
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "kept"]


def test_a_device_is_written_and_never_replaced() -> None:
    write_file(Path(os.devnull), b"x" * 10)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    with pytest.raises(WriteError, match=r"Cannot write /dev/full: No space left on device\. Free some space"):
        write_file(Path("/dev/full"), b"x")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_replaced_file_keeps_its_mode_and_a_private_one_is_private_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.touch(mode=0o640)
    assert stat.S_IMODE(write_file(path, "new").stat().st_mode) == 0o640
    assert stat.S_IMODE(write_new_file(tmp_path / "secret", "new").stat().st_mode) == 0o600
    assert stat.S_IMODE(make_folder(tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_a_folder_below_a_file_or_a_link_to_nothing_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("file", "dangling"):
        with pytest.raises(WriteError, match="Not a directory"):
            make_folder(tmp_path / name / "below")


def test_two_that_create_a_folder_at_once_both_have_it(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}" / "a" / "b" for number in range(500)]
    with ThreadPoolExecutor(8) as pool:
        for made in [pool.submit(make_folder, path) for path in paths for _ in range(8)]:
            made.result()
    assert all(path.is_dir() for path in paths)
