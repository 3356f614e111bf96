"""Reads the lines of a text file of unknown encoding, each decoded, with whichever line ends it has."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from stream_app.errors import ConfigError
from stream_app.small_file import cannot_read

MAX_LINE = 4_194_304  # characters; the largest record that a broker takes by default has 1 MiB

_SAMPLE = 4096
_MARKS = (  # byte order marks; UTF-32 first, as its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0")  # ZIP and XLSX, gzip, zstd, XLS
_WIDE = ("utf-16", "utf-32")  # their decoders cannot keep an invalid byte, so it becomes U+FFFD
_EXAMPLE = "Example: --encoding cp1252"


class TextLines:
    """The lines of a text file.

    Args:
        path: A regular file.
        encoding: Name of the encoding; empty takes that of the byte order mark, else UTF-16 if every other byte is
            zero, else UTF-8.

    Attributes:
        encoding: The encoding as a person writes it, such as ``UTF-8``.

    Raises:
        ConfigError: the file cannot be read, or there is no such encoding.
    """

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.path = path
        sample = _read_sample(path)
        codec = _codec_of(encoding) if encoding else _detect(sample)
        if codec == "utf-8":
            codec = "utf-8-sig"  # a byte order mark is not a part of the first cell
        self._codec = codec
        self._is_wide = codec.startswith(_WIDE)
        self.encoding = codec.removesuffix("-sig").upper()

    def read(self) -> Iterator[str | None]:
        """Yield each line without its end; None for a line of more than ``MAX_LINE`` characters.

        Raises:
            ConfigError: the file cannot be read.
        """
        errors = "replace" if self._is_wide else "surrogateescape"
        try:
            with self.path.open(encoding=self._codec, errors=errors) as file:
                while line := file.readline(MAX_LINE + 1):
                    is_complete = line.endswith("\n") or len(line) <= MAX_LINE
                    yield line.removesuffix("\n") if is_complete else None
                    while not is_complete:
                        rest = file.readline(MAX_LINE)
                        is_complete = rest.endswith("\n") or not rest
        except OSError as error:
            raise _cannot_read(self.path, error) from None
        except UnicodeError:  # UTF-16 or UTF-32 without the mark that it needs
            raise ConfigError(f"{self.path} is not {self.encoding}", action=_EXAMPLE) from None

    def is_valid(self, text: str) -> bool:
        """Return whether a text is from bytes that are valid in the encoding."""
        if self._is_wide:
            return "\ufffd" not in text
        try:
            text.encode()
        except UnicodeEncodeError:  # invalid bytes were read as surrogates, which cannot be encoded
            return False
        return True


def _read_sample(path: Path) -> bytes:
    def open_at_once(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)  # a named pipe without a writer would wait

    try:
        with open(path, "rb", opener=open_at_once) as file:  # Path.open() takes no opener
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path} is not a regular file", action="Save its content to a file first")
            sample = file.read(_SAMPLE)
    except OSError as error:
        raise _cannot_read(path, error) from None
    except ValueError as error:  # a NUL in the path
        if isinstance(error, ConfigError):
            raise
        raise ConfigError("Cannot read the file: its path contains a NUL") from None
    if sample.startswith(_ARCHIVES):
        raise ConfigError(f"{path} is a spreadsheet or a compressed file", action="Save it as CSV, or unpack it")
    return sample


def _detect(sample: bytes) -> str:
    """Return the encoding of a file that begins so.

    >>> _detect("a,b".encode("utf-16-le")), _detect(b"a,b")
    ('utf-16-le', 'utf-8')
    """
    for mark, codec in _MARKS:
        if sample.startswith(mark):
            return codec
    pairs = len(sample) // 2
    zeros = sample[0 : 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if pairs and max(zeros) > 0.5 * pairs and min(zeros) < 0.1 * pairs:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return "utf-8"


def _codec_of(encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding).name
        "".encode(codec)
        b"".decode(codec)
    except (LookupError, UnicodeError, ValueError):
        raise ConfigError("--encoding: unknown encoding", action=_EXAMPLE) from None
    return codec


def _cannot_read(path: Path, error: OSError) -> ConfigError:
    return cannot_read(str(path), error)
