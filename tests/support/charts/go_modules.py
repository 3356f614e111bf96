"""Published Go modules: downloaded through the module proxy once, or built into a program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.support.tiers import skip_or_fail

_USUAL = Path("/usr/local/go/bin/go")  # where the archive of go.dev is unpacked; often not on PATH
_DOWNLOAD_S, _BUILD_S = 300.0, 900.0


def need_go() -> str:
    """Return the path of Go; skip the test, or fail it in CI, where there is none."""
    found = shutil.which("go") or (str(_USUAL) if _USUAL.exists() else None)
    return found or skip_or_fail("Go is not installed, which builds Helm and downloads published types (go.dev/dl)")


def module_folder(module: str) -> Path:
    """Return the folder of a module, ``PATH@VERSION``; it stays in Go's cache of modules."""
    command = [need_go(), "mod", "download", "-json", module]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_S, check=False)
    if answer.returncode != 0:
        skip_or_fail(f"Go cannot download {module}: {answer.stdout}{answer.stderr}")
    return Path(json.loads(answer.stdout)["Dir"])


def build_program(package: str, folder: Path) -> None:
    """Build the program of a package, ``PATH@VERSION``, into a folder."""
    environ = {**os.environ, "GOBIN": str(folder)}
    answer = subprocess.run(
        [need_go(), "install", package], env=environ, capture_output=True, text=True, timeout=_BUILD_S, check=False
    )
    if answer.returncode != 0:
        skip_or_fail(f"Go cannot build {package}: {answer.stderr[-500:]}")
