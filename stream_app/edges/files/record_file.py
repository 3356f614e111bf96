"""A file of exported records, for its owner only; it gets its name only when it is complete.

Until then it is written to ``.NAME.ID.part`` in the same folder, which is removed unless the export is killed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Any, Literal

from stream_app.edges.files.durability import sync_file
from stream_app.edges.files.run_folder import import_arrow
from stream_app.edges.files.writing import reject_existing, write_errors
from stream_app.pipeline.replay.export.record_table import ENVELOPE, RECORD, UNDECLARED, RecordTable, json_lines
from stream_app.pipeline.replay.export.selection import SelectedRecords

Format = Literal["json", "csv", "parquet"]
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class FinishedFile:
    """A complete file.

    Attributes:
        n_bytes: Its size.
        sha256: Its SHA-256, 64 hex digits.
    """

    n_bytes: int
    sha256: str


class RecordFile:
    """A file that is being written.

    Args:
        path: Its final path.
        part: Its path until then.
        file: The part, open.
        form: How records are written.
        table: Its columns, for the formats that have them.

    Raises:
        DependencyMissingError: the format is Parquet and pyarrow is not installed.
    """

    def __init__(self, path: Path, part: Path, file: BufferedRandom, form: Format, table: RecordTable) -> None:
        self._path, self._part, self._file = path, part, file
        self._write, self._finish = _writer(file, form, table)

    def write(self, selected: SelectedRecords) -> None:
        """Append records.

        Raises:
            WriteError: the file cannot be written.
        """
        if len(selected):
            with write_errors(self._path):
                self._write(selected)

    def end(self) -> None:
        """End a file that is not needed any more, so that its writer does not try to when it is garbage-collected."""
        with suppress(OSError):
            self._finish()

    def seal(self) -> FinishedFile:
        """End the file, wait until it is on the disk, and return its size and digest."""
        with write_errors(self._path):
            self._finish()
            sync_file(self._file)
            n_bytes = self._file.tell()
            self._file.seek(0)
            return FinishedFile(n_bytes, hashlib.file_digest(self._file, "sha256").hexdigest())

    def keep(self) -> None:
        """Give the file its final name.

        Raises:
            ConfigError: a file of that name was created in the meantime.
            WriteError: it cannot be renamed.
        """
        reject_existing(self._path)
        with write_errors(self._path):
            self._part.replace(self._path)


@contextmanager
def new_record_file(path: Path, export: str, form: Format, table: RecordTable) -> Iterator[RecordFile]:
    """Open a file that is removed after the block unless it was kept.

    Args:
        path: Its final path, where nothing may exist.
        export: Id of the export.
        form: How records are written.
        table: Columns of the records.

    Raises:
        ConfigError: it exists already.
        WriteError: it cannot be created.
        DependencyMissingError: the format is Parquet and pyarrow is not installed.
    """
    reject_existing(path)
    part = path.with_name(f".{path.name}.{export}.part")
    with write_errors(path):
        file = os.fdopen(os.open(part, _FLAGS, 0o600), "w+b")
    try:
        record_file = RecordFile(path, part, file, form, table)
        try:
            yield record_file
        finally:
            record_file.end()
    finally:
        with suppress(OSError):  # a sealed file is on the disk; another one is not needed any more
            file.close()
        with suppress(FileNotFoundError):  # it was kept
            part.unlink()


def _writer(
    file: BufferedRandom, form: Format, table: RecordTable
) -> tuple[Callable[[SelectedRecords], object], Callable[[], object]]:
    """Return the function that appends records, and the one that ends the file."""
    if form == "json":
        return (lambda selected: file.write(json_lines(selected))), _nothing
    if form == "csv":
        file.write(table.csv_header())
        return (lambda selected: file.write(table.csv_rows(selected))), _nothing
    arrow, parquet = import_arrow()
    schema = _schema(arrow, table)
    writer = parquet.ParquetWriter(file, schema)
    return (
        lambda selected: writer.write_table(arrow.table(table.typed_columns(selected), schema=schema)),
        writer.close,
    )


def _schema(arrow: Any, table: RecordTable) -> Any:
    types = {"number": arrow.float64(), "truth": arrow.bool_(), "text": arrow.string()}
    fields = dict.fromkeys(ENVELOPE, arrow.int64()) | {RECORD: arrow.binary()}
    fields |= {f"{RECORD}.{path}": types[column] for path, column in table.columns.items()}
    return arrow.schema(list((fields | ({UNDECLARED: arrow.string()} if table.has_undeclared else {})).items()))


def _nothing() -> None:
    """End nothing: a file of lines is complete with its last line."""
