"""Opens the file of a model: ``.onnx`` or ``.skops``, never a pickle."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.edges.scoring.onnx_model import open_onnx
from stream_app.edges.scoring.skops_model import open_skops
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.search.scores import ModelScore
from stream_app.policy import ModelPolicy
from stream_app.small_file import cannot_read

MAX_BYTES = 512 * 1024 * 1024
_OPENERS = {".onnx": open_onnx, ".skops": open_skops}


def open_model(path: Path, model: ModelPolicy) -> ModelScore:
    """Return what scores the events of a model by the model in a file.

    It gets the features of the policy, in their order, and is tried with one row of zeros.

    Args:
        path: The file.
        model: The policy of the model whose log is read.

    Raises:
        ConfigError: the policy declares no features, the file cannot be read, or what is in it does not score them.
        DependencyMissingError: what runs it is not installed.
    """
    names = tuple(feature.name for feature in model.features)
    if not names:
        raise ConfigError(f"The policy of {model.name} declares no features", action="A model scores features")
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise ConfigError(f"{path} is no model", action="Give a file that ends in .onnx or .skops")
    score = opener(path, _read(path), names)

    def checked(rows: Floats) -> Floats:
        scores = np.asarray(score(rows), np.float64)
        if scores.shape != (len(rows),):
            raise ConfigError(
                f"{path} gives {scores.shape} values for {len(rows):,} rows",
                action="Give a model with one score, or with two classes",
            )
        return scores

    checked(np.zeros((1, len(names))))
    return ModelScore(path.name, model, checked)


def _read(path: Path) -> bytes:
    def open_at_once(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK)

    try:
        with open(path, "rb", opener=open_at_once) as file:  # Path.open() takes no opener
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{path} is not a regular file", action="Give the file itself")
            if status.st_size > MAX_BYTES:
                raise ConfigError(f"{path} is larger than {MAX_BYTES:,} bytes", action="Is it the right file?")
            return file.read(MAX_BYTES)
    except OSError as error:
        raise cannot_read(f"the model {path}", error) from None
