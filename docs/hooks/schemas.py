"""The JSON Schemas of what FairStream reads and writes, as files for editors and consumers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stream_app.pipeline.records.schema import SCHEMAS
from stream_app.policy.schema import policy_schema

FOLDER = Path("docs", "reference", "schemas")
SHIPPED = Path("stream_app", "policies", "policy.schema.json")  # beside the policies that name it


def schemas() -> dict[str, dict[str, Any]]:
    """Return every published schema by the name of its file."""
    return {"policy.json": policy_schema(), **{f"{name}.json": schema() for name, schema in SCHEMAS.items()}}


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
    root.joinpath(SHIPPED).write_text(schema_text(policy_schema()), "utf-8")
