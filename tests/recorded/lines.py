"""Lines of the record: plain data as canonical JSON, one line each, sorted by topic, packed so that bytes repeat."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Line = dict[str, Any]

EXPECTED = Path(__file__).with_name("expected.jsonl.gz")
# A pseudonym is a keyed hash: one that differs at its end differs at its beginning. Whole ones stay in the first turn,
# of the others four characters of 22.
_TAIL = re.compile(r"(hm1\.[a-z2-7]{6,8}\.[A-Za-z0-9_-]{4})[A-Za-z0-9_-]{18}")


def canonical(line: Any) -> str:
    """Write plain data in the one form in which it is compared: sorted keys, no blanks, each float by its repr."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def by_topic(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Sort lines by topic; within a topic they stay in order. All is as it comes back from a file."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        text = canonical(line)
        if line.get("turn"):
            text = _TAIL.sub(r"\1", text)
        found.setdefault(line["topic"], []).append(json.loads(text))
    return found


def write(topics: dict[str, list[Line]], path: Path = EXPECTED) -> None:
    """Write all lines; the same lines give the same bytes."""
    text = "".join(canonical(line) + "\n" for lines in topics.values() for line in lines)
    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(text.encode())


def read(path: Path = EXPECTED) -> dict[str, list[Line]]:
    """Read what was written."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return by_topic(map(json.loads, file))
