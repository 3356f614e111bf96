"""The files of a search: the report, the picture, and all values as JSON and CSV."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stream_app.edges.files.writing import new_folder, reject_existing, write_new_file
from stream_app.pipeline.disclosure.rows import csv_of
from stream_app.pipeline.replay.search.results import SearchResult
from stream_app.render.alternatives.chart import draw_alternatives
from stream_app.render.alternatives.page import write_page
from stream_app.render.alternatives.rows import rows_of


def check_folder(folder: Path) -> None:
    """Reject a folder that exists, before a search that takes minutes.

    Raises:
        ConfigError: it exists.
        WriteError: it cannot exist.
    """
    reject_existing(folder)


def save_result(folder: Path, result: SearchResult, min_ratio: float, made_at_s: float) -> None:
    """Write the files of a search into a new folder; it is removed when something fails.

    Args:
        folder: The folder; it must not exist.
        result: The result.
        min_ratio: The limit of the policy for the ratio.
        made_at_s: When it is written, seconds since the epoch.

    Raises:
        ConfigError: the folder exists.
        WriteError: it cannot be written.
    """
    files = {
        "alternatives.json": msgspec.json.format(msgspec.json.encode(result)) + b"\n",
        "alternatives.csv": csv_of(rows_of(result)).encode(),
        "alternatives.svg": draw_alternatives(result, min_ratio).encode(),
        "report.html": write_page(result, min_ratio, made_at_s).encode(),
    }
    with new_folder(folder):
        for name, data in files.items():
            write_new_file(folder / name, data)
