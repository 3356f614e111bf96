"""Results of commands that ran in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import Result

from stream_app.cli.exits import exit_code_of
from stream_app.errors import FairStreamError


def code_of(outcome: Result) -> int:
    """Return the exit code of the process."""
    return exit_code_of(outcome.exception) if isinstance(outcome.exception, FairStreamError) else outcome.exit_code


def rows(outcome: Result) -> list[dict[str, Any]]:
    """Return what was printed as JSON, an object a line."""
    return [json.loads(line) for line in outcome.stdout.splitlines()]
