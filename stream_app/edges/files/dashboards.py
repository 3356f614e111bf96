"""Copies the Grafana dashboards that FairStream ships into a folder."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from dashboards.links import RUNBOOKS
from stream_app.edges.files.writing import make_folder, reject_link, write_file


def export_dashboards(folder: Path, *, runbooks_url: str | None = None) -> list[Path]:
    """Write the dashboards, each into the folder of its subject; files with the same names are replaced.

    Args:
        folder: Destination; created when missing.
        runbooks_url: Base address of the links to runbooks; None keeps the address of the notification sink.

    Returns:
        The files, sorted.

    Raises:
        WriteError: the folder cannot be written.
    """
    written = []
    for subject in files("dashboards").joinpath("json").iterdir():
        for file in _json_files(subject):
            text = file.read_text("utf-8")
            if runbooks_url is not None:
                text = text.replace(RUNBOOKS, runbooks_url.rstrip("/") + "/")
            reject_link(folder / subject.name)
            make_folder(folder / subject.name, is_private=False)
            written.append(write_file(folder / subject.name / file.name, text))
    return sorted(written)


def _json_files(subject: Traversable) -> list[Traversable]:
    return [file for file in subject.iterdir() if file.name.endswith(".json")] if subject.is_dir() else []
