"""What an installed FairStream has besides its code: dashboards, rules, routes, runbooks."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.paths import ROOT

CARRIED = {
    "dashboards/json": "dashboards/json",
    "deploy": "stream_app/deploy",
    "docs/runbooks": "stream_app/deploy/runbooks",
}


def test_the_wheel_holds_the_files_that_commands_read(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for here, there in CARRIED.items():
            files = [path for path in (ROOT / here).rglob("*") if path.is_file()]
            assert files
            for path in files:
                assert archive.read(f"{there}/{path.relative_to(ROOT / here).as_posix()}") == path.read_bytes()
