"""The file of an anomaly reference: plain arrays in the format of skops, never a pickle.

A worker opens only the file whose digest the policy names, and only one that nobody else could have replaced. What is
in it must have the types that are listed here and be a forest (``Forest.check``).
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from stream_app.edges.files.writing import write_new_file
from stream_app.errors import ConfigError
from stream_app.extras import import_extra
from stream_app.pipeline.ingest.tags.forest import Forest
from stream_app.policy import Anomalies

FORMAT = 1
MAX_BYTES = 64 * 1024 * 1024
_AGAIN = "Fit it again: fairstream anomaly fit"
_TRUSTED: tuple[str, ...] = ()  # beyond what skops knows to be plain: nothing
_ARRAYS = ("roots", "children", "feature", "threshold", "length", "medians")
_FIELDS = {
    "format": int,
    "model": str,
    "features": list,
    "usual_length": float,
    "n_events": int,
    "seed": int,
    "library": str,
    "version": str,
    **dict.fromkeys(_ARRAYS, np.ndarray),
}


class Reference(NamedTuple):
    """A forest with what is known of it.

    Attributes:
        forest: The forest.
        model: Name of the model whose events it was fitted to.
        features: The features that it sees, in order.
        n_events: To how many events it was fitted.
        seed: Seed of its cuts.
        library: Version of scikit-learn that fitted it.
        version: Version of FairStream.
    """

    forest: Forest
    model: str
    features: tuple[str, ...]
    n_events: int
    seed: int
    library: str
    version: str


def write_reference(path: Path, reference: Reference) -> str:
    """Write a new file, for its owner alone; return its digest.

    Raises:
        ConfigError: something exists there.
        WriteError: it cannot be written.
        DependencyMissingError: skops is not installed.
    """
    forest = reference.forest
    content = {"format": FORMAT, "usual_length": forest.usual_length}
    content |= {name: value for name, value in reference._asdict().items() if name != "forest"}
    content |= {"features": list(reference.features)} | {name: getattr(forest, name) for name in _ARRAYS}
    data = cast(bytes, import_skops().dumps(content, compression=zipfile.ZIP_DEFLATED))
    write_new_file(path, data)
    return hashlib.sha256(data).hexdigest()


def read_reference(path: Path, model: str, anomalies: Anomalies) -> Reference:
    """Read the reference that a policy names.

    Raises:
        ConfigError: the file is missing, a link, replaceable by others, another one than the policy names, not a
            reference, or one of other features or another model.
        DependencyMissingError: skops is not installed.
    """
    data = _read_safely(path)
    if hashlib.sha256(data).hexdigest() != anomalies.digest:
        raise ConfigError(
            f"{path} is not the reference that the policy names: another digest",
            action=f"Restore the file, or fit one and put its digest into the policy of {model}",
        )
    reference = _decode(path, data)
    if reference.features != anomalies.features or reference.model != model:
        raise ConfigError(
            f"{path} was fitted to {', '.join(reference.features)} of {reference.model}, "
            f"and the policy names {', '.join(anomalies.features)} of {model}",
            action=_AGAIN,
        )
    return reference


def import_skops() -> Any:
    """Return the module that reads and writes the format.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("skops.io", "An anomaly reference")


def _read_safely(path: Path) -> bytes:
    """Return the content of a regular file that only its owner, who is root or this user, can change."""

    def open_itself(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

    try:
        folder = path.absolute().parent.stat()
        with open(path, "rb", opener=open_itself) as file:  # Path.open() takes no opener
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{path} is not a regular file", action="Put the file itself there")
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
                raise ConfigError(f"{path} can be changed by others", action=f"chmod 600 {path}")
            if folder.st_mode & 0o022 and not folder.st_mode & stat.S_ISVTX:
                raise ConfigError(f"{path} can be replaced by others", action=f"chmod 700 {path.parent}")
            if status.st_size > MAX_BYTES:
                raise ConfigError(f"{path} is larger than {MAX_BYTES:,} bytes", action=_AGAIN)
            return file.read(MAX_BYTES)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"Cannot read the anomaly reference {path}: {reason}", action=_AGAIN) from None


def _decode(path: Path, data: bytes) -> Reference:
    try:
        content = _load(data)
        is_reference = _is_reference(content)
    except (ValueError, TypeError, KeyError, AttributeError, OSError, zipfile.BadZipFile, RecursionError):
        is_reference = False
    if not is_reference:
        raise ConfigError(f"{path} is not an anomaly reference of this version", action=_AGAIN)
    forest = Forest(usual_length=content["usual_length"], **{name: content[name] for name in _ARRAYS})
    forest.check()
    return Reference(
        forest=forest,
        features=tuple(content["features"]),
        **{name: content[name] for name in ("model", "n_events", "seed", "library", "version")},
    )


def _is_reference(content: dict[str, Any]) -> bool:
    return (
        set(content) == set(_FIELDS)
        and all(type(content[name]) is kind for name, kind in _FIELDS.items())
        and content["format"] == FORMAT
        and all(type(name) is str for name in content["features"])
        and len(content["features"]) == len(content["medians"])
    )


def _load(data: bytes) -> dict[str, Any]:
    """Read what skops has written, unless it is too large unpacked or has another type than plain ones."""
    with zipfile.ZipFile(BytesIO(data)) as file:
        if sum(entry.file_size for entry in file.infolist()) > MAX_BYTES:
            raise ValueError("too large")
    skops = import_skops()
    if set(skops.get_untrusted_types(data=data)) - set(_TRUSTED):
        raise ValueError("other types")
    content = skops.loads(data, trusted=list(_TRUSTED))
    if type(content) is not dict:
        raise ValueError("no dictionary")
    return content
