"""Runs a model in ONNX on one core: the same scores in every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError
from stream_app.extras import import_extra

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


def open_onnx(path: Path, content: bytes, names: tuple[str, ...]) -> Callable[[Floats], Floats]:
    """Return what scores rows of features.

    The model has one input with a column for each feature, or one input of one column for each, by the name of the
    feature. Its last output is the score: a number, or the probabilities of two classes, of which the second counts.

    Args:
        path: The file, for messages.
        content: Its content.
        names: Names of the features, in the order of the columns.

    Raises:
        ConfigError: it is no such model.
        DependencyMissingError: onnxruntime is not installed.
    """
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # its errors have no common class
        raise ConfigError(f"{path} is no model in ONNX ({type(error).__name__})", action="Export it again") from None
    inputs, output = session.get_inputs(), session.get_outputs()[-1].name
    if any(each.type not in _TYPES for each in inputs):
        raise ConfigError(f"{path} has an input that is no tensor of floats", action="Export it with float inputs")
    columns = _columns_of(path, [each.name for each in inputs], names)

    def score(rows: Floats) -> Floats:
        values = {
            each.name: rows[:, places].astype(_TYPES[each.type]) for each, places in zip(inputs, columns, strict=True)
        }
        try:
            [scores] = session.run([output], values)
        except Exception as error:  # noqa: BLE001  # its errors have no common class
            raise ConfigError(
                f"{path} does not score {len(names)} features ({type(error).__name__})",
                action="Its columns must be the features of the policy: " + ", ".join(names),
            ) from None
        return _column_of(scores)

    return score


def import_onnxruntime() -> Any:
    """Return the module that runs models in ONNX.

    Raises:
        DependencyMissingError: it is not installed.
    """
    return import_extra("onnxruntime", "A model in ONNX")


def _columns_of(path: Path, inputs: Sequence[str], names: tuple[str, ...]) -> list[list[int]]:
    """Return the columns of each input."""
    if len(inputs) == 1 and inputs[0] not in names:
        return [list(range(len(names)))]
    if unknown := sorted(set(inputs) - set(names)):
        raise ConfigError(f"{path} has the input {unknown[0]!r}", action=f"Features of the policy: {', '.join(names)}")
    return [[names.index(name)] for name in inputs]


def _column_of(scores: Any) -> Floats:
    """Return one score for each row: of a tensor, or of probabilities by class."""
    if isinstance(scores, list):  # of mappings from class to probability
        scores = [[probability for _, probability in sorted(row.items())] for row in scores]
    table = np.asarray(scores, np.float64)
    table = table.reshape(len(table), -1)
    return table[:, -1] if table.shape[1] in (1, 2) else table
