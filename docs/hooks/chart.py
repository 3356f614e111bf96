"""The table of the values of the Helm chart, from the comments of its ``values.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

VALUES = Path(__file__).parents[2] / "deploy" / "helm" / "fairstream" / "values.yaml"
_ENTRY = re.compile(r"(?P<indent> *)(?P<key>\w+):(?: (?P<default>.+))?")
_INDENT = 2


def values_table(text: str) -> str:
    r"""Return a Markdown table with one row for each value that has a default.

    Args:
        text: The content of ``values.yaml``; a comment is above its value, and a default is on one line.

    >>> print(values_table("# Ignored.\n\na:\n  # What b is.\n  b: 1\n"), end="")
    | value | default | meaning |
    |---|---|---|
    | `a.b` | `1` | What b is. |
    """
    rows = [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in _values(text)]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _values(text: str) -> Iterator[tuple[str, str, str]]:
    path: list[str] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("# "):
            comment.append(line.lstrip().removeprefix("# "))
            continue
        if match := _ENTRY.fullmatch(line):
            path = [*path[: len(match["indent"]) // _INDENT], match["key"]]
            if match["default"]:
                yield ".".join(path), match["default"], " ".join(comment)
        comment = []
