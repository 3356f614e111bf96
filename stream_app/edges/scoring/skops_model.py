"""Runs a model of scikit-learn from a file of skops."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError
from stream_app.extras import import_extra

_MAX_UNPACKED = 2 * 1024 * 1024 * 1024


def open_skops(path: Path, content: bytes, names: tuple[str, ...]) -> Callable[[Floats], Floats]:
    """Return what scores rows of features.

    A classifier of two classes scores with the probability of the second class, anything else with what it predicts.
    Only types that skops knows to be safe are read.

    Args:
        path: The file, for messages.
        content: Its content.
        names: Names of the features, in the order of the columns.

    Raises:
        ConfigError: it is no such model, has other types, or other features.
        DependencyMissingError: skops or scikit-learn is not installed.
    """
    skops = import_skops_reader()
    try:
        with zipfile.ZipFile(BytesIO(content)) as file:
            n_bytes = sum(entry.file_size for entry in file.infolist())
    except (OSError, ValueError, zipfile.BadZipFile):
        raise ConfigError(f"{path} is no model of skops", action="Save it again") from None
    if n_bytes > _MAX_UNPACKED:
        raise ConfigError(f"{path} is larger than {_MAX_UNPACKED:,} bytes unpacked", action="Is it the right file?")
    try:
        untrusted = skops.get_untrusted_types(data=content)
        model = None if untrusted else skops.loads(content, trusted=[])
    except Exception as error:  # noqa: BLE001  # a file of others may lead to any error
        raise ConfigError(f"{path} is no model of skops ({type(error).__name__})", action="Save it again") from None
    if untrusted:
        raise ConfigError(
            f"{path} has types that skops does not know to be safe: {', '.join(sorted(untrusted)[:3])}",
            action="Export it to ONNX; trees, too",
        )
    _check_features(path, model, names)
    return lambda rows: _score(path, model, rows)


def import_skops_reader() -> Any:
    """Return the module that reads the format.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("skops.io", "A model of scikit-learn")


def _check_features(path: Path, model: Any, names: tuple[str, ...]) -> None:
    fitted = getattr(model, "feature_names_in_", None)
    if fitted is not None and tuple(fitted) != names:
        raise ConfigError(
            f"{path} was fitted to {', '.join(map(str, fitted))}",
            action=f"Features of the policy, in this order: {', '.join(names)}",
        )
    if getattr(model, "n_features_in_", len(names)) != len(names):
        raise ConfigError(
            f"{path} was fitted to {model.n_features_in_} features, the policy declares {len(names)}",
            action=f"Features of the policy: {', '.join(names)}",
        )


def _score(path: Path, model: Any, rows: Floats) -> Floats:
    if hasattr(model, "feature_names_in_"):
        del model.feature_names_in_  # rows are arrays, whose order is checked
    try:
        scores = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
        table = np.asarray(scores, np.float64)
    except Exception as error:  # noqa: BLE001  # a model of others may lead to any error
        raise ConfigError(f"{path} does not score ({type(error).__name__})", action="Save it again") from None
    table = table.reshape(len(table), -1)
    return table[:, -1] if table.shape[1] in (1, 2) else table
