"""Downloads the jars of Apache Kafka from Maven Central, once and in pure Python.

``jgo`` resolves the dependency tree; every jar must then have the SHA-256 that ``kafka-VERSION.sha256`` next to this
module lists. The jars get to their own folder by one rename, under a lock: a reader sees all of them or none, however
many processes start at once and whenever one is killed. From then on the network is not used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path

from stream_app.edges.files.locks import Turn, file_lock
from stream_app.edges.files.writing import make_folder, write_errors
from stream_app.errors import DependencyMissingError
from stream_app.extras import import_extra

KAFKA_VERSION = "4.3.1"
_KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
# Kafka has no logging backend of its own. This is the one for its slf4j 1.7. The trailing "!" excludes its dependency
# management: the parent pom of log4j pins old versions of kafka-clients and jackson, which would override Kafka's own.
_LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!"
_PINS = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.sha256")
_DOWNLOADS = 8  # at a time
_TIMEOUT_S = 60
_TURN = Turn("Another process is downloading Apache Kafka", wait_s=inf)

Note = Callable[[str], None]


def default_cache_dir() -> Path:
    """Return the folder that keeps downloads between runs: ``$XDG_CACHE_HOME/fairstream``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fairstream"


def cached_jars(cache_dir: Path) -> list[Path]:
    """Return the jars of a complete cache; an empty list if they have not been downloaded."""
    jars = [cache_dir / f"kafka-{KAFKA_VERSION}" / name for name in pinned_hashes()]
    return jars if all(jar.is_file() for jar in jars) else []


def fetch_jars(cache_dir: Path, note: Note = lambda _: None) -> list[Path]:
    """Return Kafka's jars, downloading them if the cache does not contain them yet.

    Args:
        cache_dir: Folder of the cache; created when missing.
        note: Called with one line before a step that takes long.

    Raises:
        DependencyMissingError: ``jgo`` is not installed, the network does not answer, or a jar is not the pinned one.
        WriteError: the cache cannot be written.
    """
    if jars := cached_jars(cache_dir):
        return jars
    make_folder(cache_dir, is_private=False)
    with write_errors(cache_dir), file_lock(cache_dir / "kafka.lock", _TURN):
        if not cached_jars(cache_dir):  # another process may have downloaded them in the meantime
            note(f"Downloading Apache Kafka {KAFKA_VERSION} (45 MB, once) to {cache_dir}")
            _fetch_into(cache_dir)
    return cached_jars(cache_dir)


def pinned_hashes() -> dict[str, str]:
    """Return the SHA-256 of each jar by its file name."""
    lines = _PINS.read_text("ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _fetch_into(cache_dir: Path) -> None:
    complete = cache_dir / f"kafka-{KAFKA_VERSION}"
    staging = cache_dir / f"{complete.name}.partial"
    for leftover in (staging, complete):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        for jar in _download(staging / "maven"):
            jar.rename(staging / jar.name)
        _verify(staging)
        shutil.rmtree(staging / "maven")
        staging.rename(complete)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _download(repository: Path) -> list[Path]:
    jgo = import_extra("jgo.maven", "The download of a local Kafka", or_else="name a broker with --kafka")
    maven = jgo.MavenContext(repo_cache=repository, timeout=_TIMEOUT_S)
    try:
        roots, others = maven.resolver.resolve([maven.create_dependency(root) for root in (_KAFKA, _LOGGING)])
        with ThreadPoolExecutor(_DOWNLOADS) as pool:
            return [Path(path) for path in pool.map(lambda jar: jar.artifact.resolve(), [*roots, *others])]
    except (RuntimeError, OSError) as error:  # those of requests are OSErrors
        raise DependencyMissingError(
            f"Cannot download Apache Kafka {KAFKA_VERSION} from Maven Central ({type(error).__name__})",
            action="Check the network and try again, or name a broker with --kafka",
        ) from error


def _verify(folder: Path) -> None:
    pins = pinned_hashes()
    hashes = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    if wrong := sorted(name for name in pins.keys() | hashes.keys() if pins.get(name) != hashes.get(name)):
        raise DependencyMissingError(
            f"Not the pinned jars of Apache Kafka {KAFKA_VERSION}: {', '.join(wrong)}",
            action="Try again; if it happens again, do not trust the download",
        )
