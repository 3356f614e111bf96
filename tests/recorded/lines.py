"""Lines of the recorded file: canonical JSON, sorted by topic, in a reproducible gzip file."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Line = dict[str, Any]

EXPECTED = Path(__file__).with_name("expected.jsonl.gz")
# A pseudonym is a keyed hash, so its first characters show every difference. Pseudonyms of the first turn are kept in
# full; the others are cut to 4 of 22 characters.
_TAIL = re.compile(r"(hm1\.[a-z2-7]{6,8}\.[A-Za-z0-9_-]{4})[A-Za-z0-9_-]{18}")


def canonical(line: Any) -> str:
    """Return plain data as canonical JSON: sorted keys, no spaces, floats as written by ``repr``."""
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def by_topic(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Group lines by topic in their original order, with values as they would be read from a file."""
    topics: dict[str, list[Line]] = {}
    for line in lines:
        text = canonical(line)
        if line.get("turn"):
            text = _TAIL.sub(r"\1", text)
        topics.setdefault(line["topic"], []).append(json.loads(text))
    return topics


def write(topics: dict[str, list[Line]], path: Path = EXPECTED) -> None:
    """Write all lines. The same lines give the same bytes."""
    text = "".join(canonical(line) + "\n" for lines in topics.values() for line in lines)
    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as gzip_file:
        gzip_file.write(text.encode())


def read(path: Path = EXPECTED) -> dict[str, list[Line]]:
    """Read the recorded lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return by_topic(map(json.loads, file))
