"""Decisions in the state folder: ``decisions/model=NAME/date=YYYY-MM-DD/part-NNNNNN.parquet``, for their owner alone.

A part counts when ``decisions/committed.json`` has its number, and with it the offset up to which each partition was
read. That file is replaced in one step after the parts are on the disk, so after a crash no decision is there twice and
none is missing: what a process left behind that did not get so far is removed by the next one.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import msgspec

from stream_app.edges.files.locks import Turn, file_lock
from stream_app.edges.files.reading import read_guarded
from stream_app.edges.files.run_folder import import_arrow
from stream_app.edges.files.writing import make_folder, write_errors, write_file
from stream_app.errors import ConfigError

FOLDER = "decisions"
_COMMITTED = "committed.json"
_NAME = re.compile(r"part-(\d{6,})\.parquet")
_DAY = re.compile(r"date=(\d{4}-\d{2}-\d{2})")
_ROWS_PER_READ = 5_000
_TURN = Turn("Another process is changing the stored decisions")


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """What the store contains.

    Attributes:
        v: Version of the format.
        n_parts: Parts with lower numbers count.
        positions: By source log the offset after the last one that was read.
    """

    v: int = 1
    n_parts: int = 0
    positions: dict[str, int] = {}


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A row, as it is read again.

    Attributes:
        topic: Topic of the event.
        partition: Its partition.
        offset: Its offset.
        event: Its bytes.
    """

    topic: str
    partition: int
    offset: int
    event: bytes


class StoredDay(NamedTuple):
    """What is stored of a model and a day.

    Attributes:
        model: Name of the model.
        date: The day, ``YYYY-MM-DD``.
        folder: Where it is.
        n_files: Number of files.
        n_bytes: Their size.
    """

    model: str
    date: str
    folder: Path
    n_files: int
    n_bytes: int


class DecisionStore:
    """The decisions of a state folder.

    Args:
        state_dir: The state folder.
    """

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / FOLDER

    def committed(self) -> Committed:
        """Return what the store contains.

        Raises:
            ConfigError: others can access it, or it is of another version.
        """
        path = self._folder / _COMMITTED
        if not path.exists():
            return Committed()
        try:
            found = msgspec.json.decode(read_guarded(path), type=Committed)
        except msgspec.MsgspecError:
            found = Committed(v=0)
        if found.v != Committed().v:
            raise ConfigError(f"{path} is not one of this version", action="Move the folder away, and record again")
        return found

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Be the only writer for the block; parts of a writer that was killed are removed first.

        Raises:
            ConfigError: another process writes.
            WriteError: the lock cannot be taken for another reason.
        """
        make_folder(self._folder)
        with file_lock(self._folder / "lock", _TURN):
            n_parts = self.committed().n_parts
            for number, part in self._parts():
                if number >= n_parts:
                    with write_errors(part):
                        part.unlink()
            yield

    def append(self, rows: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]], positions: Mapping[str, int]) -> None:
        """Add rows and the positions up to which they were read, in one step.

        Args:
            rows: By model and date, each row by its columns.
            positions: By source log the offset after the last one that was read.

        Raises:
            WriteError: something cannot be written; nothing was added.
            DependencyMissingError: pyarrow is not installed.
        """
        before = self.committed()
        for (model, date), part in rows.items():
            of_model = make_folder(self._folder / _folder_of(model))
            path = make_folder(of_model / f"date={date}") / f"part-{before.n_parts:06d}.parquet"
            write_file(path, _parquet_of(part), is_private=True)
        after = Committed(n_parts=before.n_parts + bool(rows), positions={**before.positions, **positions})
        write_file(self._folder / _COMMITTED, msgspec.json.encode(after), is_private=True)

    def read(self, model: str, from_date: str, to_date: str) -> Iterator[StoredEvent]:
        """Yield the events of a model, day by day, in the order in which they were recorded.

        Args:
            model: Name of the model.
            from_date: First day, ``YYYY-MM-DD``.
            to_date: Last day.

        Raises:
            ConfigError: there is no store, or a file of it cannot be read.
            DependencyMissingError: pyarrow is not installed.
        """
        n_parts = self.committed().n_parts
        if not n_parts:
            raise ConfigError(f"No decisions in {self._folder}", action="Run: fairstream audit record --decisions")
        wanted = _folder_of(model)
        for number, path in self._parts():
            day = path.parent.name.removeprefix("date=")
            is_wanted = number < n_parts and path.parent.parent.name == wanted and from_date <= day <= to_date
            if is_wanted and path.parent.exists():  # its day was not deleted in the meantime
                yield from _events_of(path)

    def days_before(self, date: str, model: str | None = None) -> list[StoredDay]:
        """Return what is stored of days before a day, by model and day.

        Args:
            date: The day, ``YYYY-MM-DD``.
            model: Name of the model; None for all.
        """
        wanted = "model=*" if model is None else escape(_folder_of(model))
        named = ((path, _DAY.fullmatch(path.name)) for path in sorted(self._folder.glob(f"{wanted}/date=*")))
        return [_stored_day(path, match[1]) for path, match in named if match and match[1] < date]

    def delete(self, days: Sequence[StoredDay]) -> None:
        """Delete what is stored of some days; what was read of the topics is not read again.

        Raises:
            WriteError: one cannot be deleted.
        """
        for day in days:
            with write_errors(day.folder):
                shutil.rmtree(day.folder)

    def _parts(self) -> list[tuple[int, Path]]:
        """Return all parts with their numbers, by day and number."""
        named = ((path, _NAME.fullmatch(path.name)) for path in self._folder.glob("model=*/date=*/part-*.parquet"))
        found = sorted((path.parent.name, int(match[1]), path) for path, match in named if match)
        return [(number, path) for _, number, path in found]


def _stored_day(folder: Path, date: str) -> StoredDay:
    sizes = [path.lstat().st_size for path in folder.iterdir()]
    model = unquote(folder.parent.name.removeprefix("model="))
    return StoredDay(model, date, folder, len(sizes), sum(sizes))


def _folder_of(model: str) -> str:
    return f"model={quote(model, safe='')}"


def _parquet_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    arrow, parquet = import_arrow()
    types = {
        "request_id": arrow.string(),
        "time": arrow.timestamp("ms", "UTC"),
        "model": arrow.string(),
        "version": arrow.string(),
        "prediction": arrow.string(),
        "probability": arrow.float64(),
        "latency_ms": arrow.float64(),
        "anomaly_score": arrow.float64(),
        "explanation": arrow.string(),
        "features": arrow.string(),
        "topic": arrow.string(),
        "partition": arrow.int32(),
        "offset": arrow.int64(),
        "event": arrow.binary(),
    }
    columns = {name: arrow.array([row[name] for row in rows], kind) for name, kind in types.items()}
    content = io.BytesIO()
    parquet.write_table(arrow.table(columns), content, compression="zstd")
    return content.getvalue()


def _events_of(path: Path) -> Iterator[StoredEvent]:
    arrow, parquet = import_arrow()
    try:
        content = parquet.ParquetFile(io.BytesIO(read_guarded(path)))
        for batch in content.iter_batches(_ROWS_PER_READ, columns=["topic", "partition", "offset", "event"]):
            for row in batch.to_pylist():
                yield StoredEvent(**row)
    except (arrow.ArrowException, KeyError, TypeError):
        raise ConfigError(f"{path} is not a part of this version", action="Restore it from its backup") from None
