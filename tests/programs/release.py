"""``python -m tests.programs.release``: check version, changelog and tree, build and try the wheel; upload nothing.

Wheel and sdist come from the tools of the lock, without a network. What is left to do is printed at the end.
"""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from stream_app import __version__
from tests.support.paths import ROOT

DIST = ROOT / "dist"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_HEADING = re.compile(r"^## \[?(?P<version>[^\]\s]+)\]?(?: - (?P<date>\d{4}-\d{2}-\d{2}))?\s*$", re.MULTILINE)


def main() -> int:
    problems = find_problems(__version__, ROOT.joinpath("CHANGELOG.md").read_text("utf-8"), _changed_files(), _tags())
    if problems:
        print(f"Version {__version__} cannot be released:", *problems, sep="\n  ")
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    bin_folder = Path(sys.executable).parent
    environ = {**os.environ, "VIRTUAL_ENV": str(bin_folder.parent)}
    _run(bin_folder / "uv", "build", "--quiet", "--no-build-isolation", "--offline", "--out-dir", DIST, environ=environ)
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    _run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "tests/e2e/test_wheel.py",
        environ={**environ, "FAIRSTREAM_WHEEL": str(wheel)},
    )
    print(
        f"\nBuilt and tried: {wheel.relative_to(ROOT)}, {sdist.relative_to(ROOT)}",
        f"SHA-256 of the wheel: {hashlib.sha256(wheel.read_bytes()).hexdigest()}",
        "Next (docs/how-to/release.md):",
        "  .ci/run                      every test, on every Python",
        "  make audit sbom              known vulnerabilities; build/sbom.json",
        f"  git tag -s v{__version__} -m 'FairStream {__version__}' && git push origin v{__version__}",
        "  image, signatures, index     by the pipeline of the tag: base image by digest, cosign, trusted publishing",
        sep="\n",
    )
    return 0


def find_problems(version: str, changelog: str, changed: list[str], tags: list[str]) -> list[str]:
    """Return what keeps a version from being released, each in one line.

    >>> find_problems("1.2.0", "## 1.2.0 - 2026-01-31\\n\\n- A change.\\n\\n## 1.1.0 - 2025-12-01\\n", [], ["v1.1.0"])
    []
    """
    problems = []
    if not _VERSION.fullmatch(version):
        problems.append(f"stream_app.__version__ {version!r} is not of the form 1.2.3")
    sections = [(found["version"], found["date"], found.end()) for found in _HEADING.finditer(changelog)]
    newest, date, start = sections[0] if sections else ("none", None, 0)
    if newest != version:
        problems.append(f"the newest section of CHANGELOG.md is {newest!r}, not {version!r}")
    elif date is None:
        problems.append(f"the section {version} of CHANGELOG.md has no date: ## {version} - YYYY-MM-DD")
    elif not re.search(r"^- ", changelog[start : changelog.find("\n## ", start)], re.MULTILINE):
        problems.append(f"the section {version} of CHANGELOG.md lists no change")
    if changed:
        problems.append(f"the working tree is not clean: {', '.join(changed[:5])}")
    if f"v{version}" in tags:
        problems.append(f"the tag v{version} exists: raise stream_app.__version__")
    return problems


def _changed_files() -> list[str]:
    return _read("git", "status", "--porcelain").splitlines()


def _tags() -> list[str]:
    return _read("git", "tag", "--list").split()


def _read(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _run(*command: str | Path, environ: dict[str, str]) -> None:
    subprocess.run(command, cwd=ROOT, env=environ, check=True)


if __name__ == "__main__":
    sys.exit(main())
