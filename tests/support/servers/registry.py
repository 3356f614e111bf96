"""A real schema registry: Apicurio Registry from Maven Central, with Confluent's interface, in memory.

The archive is downloaded once and kept; it must have the SHA-256 that stands here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.local.jars import default_cache_dir
from stream_app.edges.kafka.local.java import find_java
from stream_app.errors import DependencyMissingError
from tests.support.tiers import skip_or_fail

_VERSION = "2.6.13.Final"
_SHA256 = "3cda1b34aa020fb4ac4dd6a66018d757e81e437f97e20a1f92d366b70091c6ba"
_START_S = 300.0
_POLL_S = 0.2
_TIMEOUT_S = 120


class Registry:
    """A registry that runs.

    Attributes:
        url: Its address, as a setting has it.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def register(self, subject: str, schema: Any, kind: str = "AVRO", references: Sequence[str] = ()) -> int:
        """Register a schema, which is text or becomes JSON; return its id.

        Args:
            references: Subjects of the schemas that it refers to, which have the names of these subjects.
        """
        body: dict[str, Any] = {"schema": schema if isinstance(schema, str) else json.dumps(schema)}
        if kind != "AVRO":
            body["schemaType"] = kind
        if references:
            body["references"] = [{"name": name, "subject": name, "version": 1} for name in references]
        return int(self._send(f"/subjects/{subject}/versions", body)["id"])

    def is_up(self) -> bool:
        try:
            self._send("/subjects")
        except OSError:
            return False
        return True

    def _send(self, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - an address of this machine
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return json.loads(answer.read())


@contextmanager
def open_registry(folder: Path) -> Iterator[Registry]:
    """Start a registry; it ends with the block."""
    try:
        program, java = _program(default_cache_dir()), find_java()
    except DependencyMissingError as missing:
        skip_or_fail(f"No schema registry for the tests: {missing}")
    port = free_port()
    environ = {**os.environ, "QUARKUS_HTTP_HOST": "127.0.0.1", "QUARKUS_HTTP_PORT": str(port)}
    log = folder / "registry.log"
    with BoundProcess([str(java.path), "-Xmx300m", "-XX:TieredStopAtLevel=1", "-jar", str(program)], log, env=environ):
        registry = Registry(f"http://127.0.0.1:{port}/apis/ccompat/v7")
        deadline = time.monotonic() + _START_S
        while not registry.is_up():
            assert time.monotonic() < deadline, log.read_text("utf-8")[-3000:]
            time.sleep(_POLL_S)
        yield registry


def _program(cache_dir: Path) -> Path:
    """Return the program; downloaded where the cache does not have it.

    Raises:
        DependencyMissingError: it cannot be downloaded.
    """
    folder = cache_dir / f"apicurio-{_VERSION}"
    program = folder / f"apicurio-registry-app-{_VERSION}-runner.jar"
    if not program.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        staging = cache_dir / f"{folder.name}.{os.getpid()}"
        try:
            _unpack(_download(staging), staging)
            shutil.rmtree(staging / "maven")
            if not folder.exists():  # or another process was faster
                staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return program


def _download(staging: Path) -> Path:
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 - part of the extra "local"
        from requests import RequestException  # noqa: PLC0415 - what jgo raises
    except ImportError:
        raise DependencyMissingError("jgo, which downloads it, is not installed") from None
    maven = MavenContext(repo_cache=staging / "maven", timeout=_TIMEOUT_S)
    artifact = maven.project("io.apicurio", "apicurio-registry-app").at_version(_VERSION).artifact("all", "tar.gz")
    try:
        return Path(artifact.resolve())
    except (RequestException, RuntimeError, OSError) as error:
        raise DependencyMissingError(f"Cannot download it from Maven Central ({type(error).__name__})") from None


def _unpack(archive: Path, folder: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert digest == _SHA256, f"not the pinned archive: {digest}"
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
