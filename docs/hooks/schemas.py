"""The JSON Schemas of what FairStream reads and writes, as files for editors and consumers."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path("docs", "reference", "schemas")


def schemas() -> dict[str, dict[str, Any]]:
    """Return every published schema by the name of its file.

    Raises:
        ModuleNotFoundError: this version has no schemas.
    """
    policy_schema = importlib.import_module("stream_app.policy.schema").policy_schema
    record_schema = importlib.import_module("stream_app.pipeline.records.schema").schema
    return {"policy.json": policy_schema(), **{f"{name}.json": record_schema(name) for name in ("result", "alert")}}


def schema_text(schema: dict[str, Any]) -> str:
    r"""Return a schema as it is committed.

    >>> schema_text({"type": "object"})
    '{\n  "type": "object"\n}\n'
    """
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(root: Path) -> None:
    """Write every schema below the root of the repository."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        folder.joinpath(name).write_text(schema_text(schema), "utf-8")
