"""The folder of a replay run. The manifest is written last, in one step; a folder without a manifest is not a run.

Folders have mode 0700: a run can contain exact counts of small groups if they were requested.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from stream_app.edges.files.writing import new_folder, write_errors, write_new_file
from stream_app.errors import ConfigError
from stream_app.extras import import_extra
from stream_app.pipeline.replay.ranges.manifest import Manifest

MANIFEST = "manifest.json"
FOLDER = "replays"


class RunFolder:
    """A run that is being written.

    Args:
        path: Its folder, which does not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digests: dict[str, str] = {}

    def write(self, name: str, data: bytes | str) -> Path:
        """Write one file and record its digest.

        Raises:
            WriteError: it cannot be written.
        """
        raw = data.encode() if isinstance(data, str) else data
        self._digests[name] = hashlib.sha256(raw).hexdigest()
        return write_new_file(self.path / name, raw)

    def write_parquet(self, name: str, columns: dict[str, list[Any]]) -> Path:
        """Write columns as Parquet.

        Raises:
            DependencyMissingError: pyarrow is not installed.
            WriteError: it cannot be written.
        """
        return self.write(name, parquet_of(columns))

    def finish(self, manifest: Manifest) -> Path:
        """Write the manifest, which makes the folder a run.

        Raises:
            WriteError: it cannot be written.
        """
        complete = msgspec.structs.replace(manifest, files=dict(sorted(self._digests.items())))
        return write_new_file(self.path / MANIFEST, msgspec.json.format(msgspec.json.encode(complete)) + b"\n")


@contextmanager
def new_run(state_dir: Path, run: str) -> Iterator[RunFolder]:
    """Create the folder of a run; it is removed when the block fails.

    Raises:
        ConfigError: it exists already.
        WriteError: it cannot be created.
    """
    path = state_dir / FOLDER / run
    with write_errors(path):
        if os.path.lexists(path):
            raise ConfigError(f"Run {run} exists already", action="Give another name with --run")
    with new_folder(path):
        yield RunFolder(path)


def list_runs(state_dir: Path) -> list[Manifest]:
    """Return the manifests of all completed runs, oldest first."""
    paths = sorted((state_dir / FOLDER).glob(f"*/{MANIFEST}"))
    return sorted(map(_read, paths), key=lambda manifest: manifest.made_at)


def read_run(state_dir: Path, run: str) -> tuple[Path, Manifest]:
    """Return folder and manifest of one run after checking its files.

    Raises:
        ConfigError: there is no such run, it is not complete, or a file was changed.
    """
    path = state_dir / FOLDER / run
    if not run or "/" in run or not (path / MANIFEST).is_file():
        raise ConfigError(f"No completed run {run!r}", action="List runs with: fairstream replay list")
    manifest = _read(path / MANIFEST)
    for name, digest in manifest.files.items():
        file = path / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise ConfigError(f"{name} of run {run} is missing or was changed", action="Run the replay again")
    return path, manifest


def parquet_of(columns: dict[str, list[Any]]) -> bytes:
    """Return columns as the content of a Parquet file.

    Raises:
        DependencyMissingError: pyarrow is not installed.
    """
    arrow, parquet = import_arrow()
    content = io.BytesIO()
    parquet.write_table(arrow.table(columns), content)
    return content.getvalue()


def import_arrow() -> tuple[ModuleType, ModuleType]:
    """Return pyarrow and its Parquet part.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("pyarrow", "A Parquet file"), import_extra("pyarrow.parquet", "A Parquet file")


def _read(path: Path) -> Manifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError):
        raise ConfigError(f"{path} is not a manifest of this version") from None
