"""The files of a mitigation: values as JSON and CSV, the picture of the trade-off, and models to be loaded."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from stream_app.edges.files.writing import new_folder, reject_existing, write_new_file
from stream_app.edges.scoring.exports import import_skops_writer, write_cuts, write_onnx, write_skops
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.rows import csv_of
from stream_app.pipeline.replay.mitigation.results import Method, MitigationResult
from stream_app.render.mitigation.chart import draw_trade_off


class Export(enum.StrEnum):
    """The format of models."""

    ONNX = "onnx"
    SKOPS = "skops"


def check_files(folder: Path | None, export: Export | None, *, has_cuts: bool, is_fitted: bool) -> None:
    """Reject a folder that exists, or an export of nothing, before the log is read.

    Raises:
        ConfigError: the folder exists, or there is nothing to be exported in that format.
        WriteError: the folder cannot exist.
        DependencyMissingError: what writes the format is not installed.
    """
    if folder is not None:
        reject_existing(folder)
    if export is None:
        return
    if folder is None:
        raise ConfigError("--export is given without --out", action="Give --out FOLDER")
    if export is Export.SKOPS:
        import_skops_writer()
        if not is_fitted:
            raise ConfigError("skops has fitted models alone", action="Give --fit, or --export onnx for cuts by group")
    elif not is_fitted and not has_cuts:
        raise ConfigError("--export has nothing to export", action="Give --fit or --goal")


def save_mitigation(folder: Path, result: MitigationResult, min_ratio: float, export: Export | None = None) -> None:
    """Write the files of a mitigation into a new folder; it is removed when something fails.

    Args:
        folder: The folder; it must not exist.
        result: The result.
        min_ratio: The limit of the policy for the ratio.
        export: The format of models; None for no models.

    Raises:
        ConfigError: the folder exists.
        WriteError: it cannot be written.
        DependencyMissingError: what writes the format is not installed.
    """
    files = {"mitigation.json": msgspec.json.format(msgspec.json.encode(result)) + b"\n"}
    files |= {name: csv_of(rows).encode() for name, rows in _tables(result)}
    if result.trade_off is not None:
        files["trade-off.svg"] = draw_trade_off(result.trade_off, result.model, result.attribute, min_ratio).encode()
    files |= _models(result, export)
    with new_folder(folder):
        for name, data in files.items():
            write_new_file(folder / name, data)


def _tables(result: MitigationResult) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    def rows_of(values: Any, **more: str) -> list[dict[str, Any]]:
        return [{"attribute": result.attribute, **more, **msgspec.to_builtins(value)} for value in values]

    yield "weights.csv", rows_of(result.weights)
    if result.thresholds is not None:
        yield "thresholds.csv", rows_of(result.thresholds.groups)
    if result.repairs is not None:
        yield (
            "repairs.csv",
            [row for each in result.repairs.features for row in rows_of(each.values, feature=each.feature)],
        )
    if result.trade_off is not None:
        rows = rows_of(result.trade_off.rules)
        for row in rows:
            for name in ("accuracy", "repayment"):
                bounds = row.pop(name)
                row |= {f"{name}_{end}": value for end, value in bounds.items()}
        yield "trade-off.csv", rows


def _models(result: MitigationResult, export: Export | None) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if export is None:
        return files
    if result.fitted is not None:
        is_skops = export is Export.SKOPS
        content = write_skops(result.fitted) if is_skops else write_onnx(result.fitted, _properties(result, "weights"))
        files[f"model.{export.value}"] = content
    if result.thresholds is not None and export is Export.ONNX:
        files["thresholds.onnx"] = write_cuts(result.thresholds, _properties(result, "thresholds"))
    return files


def _properties(result: MitigationResult, method: Method) -> dict[str, str]:
    """Return what goes with a model: where it is from, and the notes."""
    notes = [f"{note.jurisdiction}: {note.text}" for note in result.notes.notes if note.method == method]
    return {
        "model": result.model,
        "policy_hash": result.policy_hash,
        "attribute": result.attribute,
        "status": "A proposal: it was never applied.",
        "notes": " ".join([*notes, f"Written {result.notes.written}; no lawyer has reviewed these notes."]),
    }
