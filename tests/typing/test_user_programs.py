"""The types of the public API, as the type checker of a user sees them: an installed package with ``py.typed``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PROGRAMS = Path(__file__).parent / "user"
PACKAGES = ("fairstream", "stream_app", "producers")

Check = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Return a function that type-checks a program in an environment where the packages are installed."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "venv", with_pip=False)
    [site_packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, site_packages / name)
    (site_packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")

    def run(name: str) -> subprocess.CompletedProcess[str]:
        python = folder / "venv" / "bin" / "python"
        command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
        command += ["--config-file", "", "--cache-dir", str(folder / "cache"), name]
        shutil.copy(PROGRAMS / name, folder)  # beside the repository its packages would not count as installed
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


def test_a_correct_program_passes(check: Check) -> None:
    checked = check("good.py")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_each_error_of_a_wrong_program_is_found_in_its_line(check: Check) -> None:
    lines = PROGRAMS.joinpath("bad.py").read_text("utf-8").splitlines()
    expected = {(n, found[1]) for n, line in enumerate(lines, 1) if (found := re.search(r"# error: (\S+)$", line))}
    checked = check("bad.py")
    reported = re.findall(r"bad\.py:(\d+): error: .*\[([a-z-]+)\]$", checked.stdout, re.MULTILINE)
    assert {(int(line), code) for line, code in reported} == expected, checked.stdout + checked.stderr


def test_the_packages_say_that_they_are_typed() -> None:
    assert all(ROOT.joinpath(name, "py.typed").is_file() for name in PACKAGES)
