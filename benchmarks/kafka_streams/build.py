"""Builds the Java program if a JDK is installed: two jars in addition to those of the broker, then ``javac``."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from stream_app.edges.kafka.local.jars import KAFKA_VERSION, default_cache_dir, fetch_jars
from stream_app.edges.kafka.local.java import find_java
from stream_app.errors import DependencyMissingError

_SOURCE = Path(__file__).with_name("LoanPanes.java")
_PINS = Path(__file__).with_name("jars.sha256")
_TIMEOUT_S = 60
_FLAGS = ("-Xmx512m", "-XX:-UsePerfData")

Note = Callable[[str], None]


class UnavailableError(Exception):
    """A system cannot be run on this machine; the text is the reason."""


def kafka_streams_command(folder: Path, note: Note) -> list[str]:
    """Return the command that runs the job on Kafka Streams.

    Args:
        folder: Folder for the classes.
        note: Called with one line before a step that takes long.

    Raises:
        UnavailableError: no JDK, no network for the jars, or the program does not compile.
    """
    javac = shutil.which("javac")
    if javac is None:
        raise UnavailableError("no javac on PATH (JDK 17 or later is required)")
    try:
        jars = [*fetch_jars(default_cache_dir(), note), *_streams_jars(note)]
        java = find_java()
    except DependencyMissingError as error:
        raise UnavailableError(str(error)) from None
    classes, path = folder / "classes", os.pathsep.join(map(str, jars))
    completed = subprocess.run(
        [javac, "-d", str(classes), "-cp", path, str(_SOURCE)], capture_output=True, text=True, check=False
    )
    if completed.returncode:
        raise UnavailableError(f"javac failed: {completed.stderr.strip()[-500:]}")
    settings = Path(__file__).with_name("log4j2.properties")
    flags = [*_FLAGS, f"-Dlog4j2.configurationFile={settings}"]
    return [str(java.path), *flags, "-cp", f"{classes}{os.pathsep}{path}", "LoanPanes"]


def _streams_jars(note: Note) -> list[Path]:
    """Return the jars of Kafka Streams that the broker does not have, downloaded once and verified by hash."""
    pins = {name: digest for digest, name in (line.split() for line in _PINS.read_text("ascii").splitlines())}
    complete = default_cache_dir() / f"kafka-streams-{KAFKA_VERSION}"
    if not all((complete / name).is_file() for name in pins):
        note(f"downloading Kafka Streams {KAFKA_VERSION} (75 MB, once)")
        _fetch_into(complete, pins)
    return [complete / name for name in pins]


def _fetch_into(complete: Path, pins: dict[str, str]) -> None:
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 - part of the extra "local"
        from requests import RequestException  # noqa: PLC0415 - what jgo raises
    except ImportError:
        raise UnavailableError("jgo, which downloads the jars, is not installed") from None
    staging = complete.with_suffix(".partial")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        maven = MavenContext(repo_cache=staging / "maven", timeout=_TIMEOUT_S)
        roots, others = maven.resolver.resolve(
            [maven.create_dependency(f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}")]
        )
        for dependency in [*roots, *others]:
            jar = Path(dependency.artifact.resolve())
            if jar.name in pins:
                jar.rename(staging / jar.name)
        for name, digest in pins.items():
            if hashlib.sha256((staging / name).read_bytes()).hexdigest() != digest:
                raise UnavailableError(f"{name} is not the pinned jar")
        shutil.rmtree(staging / "maven")
        shutil.rmtree(complete, ignore_errors=True)
        staging.rename(complete)
    except (RequestException, RuntimeError, OSError) as error:
        raise UnavailableError(f"cannot download Kafka Streams ({type(error).__name__})") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
