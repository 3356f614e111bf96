"""CSV files that are written for a test, and read."""

from __future__ import annotations

from pathlib import Path

from producers.recorded.csv_file import CsvFile, CsvRow, RejectedRow


def read(
    path: Path, content: str | bytes, *, encoding: str = "", delimiter: str = "", n_skipped: int = 0
) -> tuple[list[CsvRow], list[RejectedRow], CsvFile]:
    """Write a file, and return its rows, its rejected rows and the file."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    file = CsvFile(path, encoding=encoding, delimiter=delimiter, n_skipped=n_skipped)
    rows = list(file.rows())
    return (
        [row for row in rows if isinstance(row, CsvRow)],
        [row for row in rows if isinstance(row, RejectedRow)],
        file,
    )
