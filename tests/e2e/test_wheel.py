"""The wheel as a user installs it: in an empty environment without developer tools, used outside the repository."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.edges.kafka.local.jars import cached_jars, default_cache_dir
from tests.support.paths import ROOT
from tests.support.tiers import skip_or_fail

pytestmark = pytest.mark.timeout(900)

BUILT = "FAIRSTREAM_WHEEL"  # a wheel that is there already; `make release` names the one that it has built
LOCK = ROOT / "requirements" / "run.txt"
CARRIED = {
    "dashboards/json": "dashboards/json",
    "deploy/alertmanager": "stream_app/deploy/alertmanager",
    "deploy/grafana": "stream_app/deploy/grafana",
    "deploy/prometheus": "stream_app/deploy/prometheus",
    "docs/runbooks": "stream_app/deploy/runbooks",
}
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel; built from the working tree unless one is named."""
    if named := os.environ.get(BUILT):
        return Path(named)
    return _build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Return a runner of commands of an environment with the wheel and what the lock names for running it."""
    folder = tmp_path_factory.mktemp("installed")
    environment, outside = folder / "environment", folder / "outside"
    outside.mkdir()
    uv = Path(sys.executable).with_name("uv")
    _run(uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=outside)
    install = (uv, "pip", "install", "--quiet", "--python", environment / "bin" / "python")
    _run(*install, "--require-hashes", "--requirement", LOCK, cwd=outside)
    _run(*install, "--no-deps", wheel, cwd=outside)

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _run(environment / "bin" / program, *arguments, cwd=outside, check=False)

    return run


def test_the_wheel_contains_the_files_that_commands_read(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for here, there in CARRIED.items():
            files = [path for path in (ROOT / here).rglob("*") if path.is_file()]
            assert files
            for path in files:
                assert archive.read(f"{there}/{path.relative_to(ROOT / here).as_posix()}") == path.read_bytes()


def test_a_wheel_that_is_built_elsewhere_and_later_is_the_same(wheel: Path, tmp_path: Path) -> None:
    listed = _run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.split("\0")
    for name in sorted(filter(None, listed), reverse=True):  # in another order, at another time, for one user only
        copy = tmp_path / "copy" / name
        if (ROOT / name).is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)
            os.utime(copy, (1_000_000_000, 1_000_000_000))
            copy.chmod(0o700 if copy.stat().st_mode & 0o100 else 0o600)
    again = _build(tmp_path / "copy", tmp_path / "again")
    assert again.name == wheel.name
    assert hashlib.sha256(again.read_bytes()).hexdigest() == hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_the_environment_has_no_developer_tools(installed: Command) -> None:
    for module in ("pytest", "hypothesis", "ruff", "tests", "benchmarks"):
        assert installed("python", "-c", f"import {module}").returncode != 0


@pytest.mark.parametrize("arguments", ["--help", "worker --help", "policy check loans", "topics list --help"])
def test_a_command_of_the_wheel_runs_outside_the_repository(installed: Command, arguments: str) -> None:
    done = installed("fairstream", *arguments.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_every_package_of_the_wheel_can_be_imported(installed: Command, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packages = sorted({name.split("/")[0] for name in archive.namelist() if name.endswith("/__init__.py")})
    assert {"stream_app", "producers", "dashboards"} <= set(packages)
    for package in packages:
        done = installed("python", "-c", f"import {package}; print({package}.__file__)")
        assert done.returncode == 0, done.stderr
        assert "site-packages" in done.stdout


def test_the_demo_of_the_wheel_raises_the_alert(installed: Command) -> None:
    if not cached_jars(default_cache_dir()):
        skip_or_fail("The jars of the local Kafka are not there yet")
    done = installed(
        "fairstream", "demo", "--json", "--exit-on-alert", "--fair-s", "15", "--rate", "400", "--start-timeout", "300"
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events if event["event"] != "notification"] == ["drift", "breach"]


def _build(source: Path, folder: Path) -> Path:
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=source)
    (built,) = folder.glob("*.whl")
    return built


def _run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    hidden = ("FAIRSTREAM_", "PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=880, check=False)
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done
