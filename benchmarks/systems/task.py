"""The task of a system, and its marks: one JSON file in, one line of JSON per mark out.

Only the standard library is used, so that a peer in an environment of its own can import it.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PANE_S = 10
Cell = tuple[int, bool, str, str, str]  # pane start in seconds, approved, gender, race, age band
Counts = dict[Cell, int]


@dataclass(frozen=True)
class Task:
    """One run of one system.

    Attributes:
        kafka: Bootstrap servers.
        run: Unique name: consumer group, application id, prefix of what the system creates.
        topic: Input topic, filled before the start.
        output_topic: Topic for the pseudonymized events; as many partitions as the input.
        n_partitions: Partitions of both.
        n_events: Events in the input.
        kid: Name of the pseudonym key.
        keys: HMAC keys in hex: ``root`` for FairStream, ``application`` and ``applicant`` as derived from it.
        marks_path: File to which marks are appended.
        policy: FairStream's policy as JSON data; the others have it in their code.
        options: Options of single systems.
    """

    kafka: str
    run: str
    topic: str
    output_topic: str
    n_partitions: int
    n_events: int
    kid: str
    keys: dict[str, str]
    marks_path: str
    policy: Any = None
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_argv(cls) -> Task:
        """Read the task whose file is the program's only argument."""
        return cls(**json.loads(Path(sys.argv[1]).read_text("utf-8")))


class Marks:
    """Marks when the first event was read and when everything was durable, with the CPU time of this process.

    The CPU time is user and system time of all threads (``CLOCK_PROCESS_CPUTIME_ID``).
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._has_first = False

    def first(self, *, cpu_s: float | None = None) -> None:
        """Mark the first event; later calls do nothing."""
        if not self._has_first:
            self._has_first = True
            self._write({"mark": "first", "cpu_s": time.process_time() if cpu_s is None else cpu_s})

    def done(self, counts: Counts | None = None) -> None:
        """Mark the moment at which every output and, where the system has that, every count is durable."""
        cpu_s = time.process_time()
        cells = None if counts is None else [[*cell, n] for cell, n in counts.items()]
        self._write({"mark": "done", "cpu_s": cpu_s, "cells": cells})

    def note(self, name: str, **values: Any) -> None:
        """Write another mark for the harness."""
        self._write({"mark": name, "cpu_s": time.process_time(), **values})

    def _write(self, line: dict[str, Any]) -> None:
        line["at_s"] = time.time()
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
