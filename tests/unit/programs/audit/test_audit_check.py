"""The short form of ``make audit-check``, with a fixed seed."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT


def test_the_audit_log_withstands_the_short_form() -> None:
    words = ["--changes", "15", "--kills", "40", "--entries", "0", "--events", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.programs.audit_check", *words],
        capture_output=True, text=True, timeout=200, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "AUDIT LOG: every change was detected, nothing was lost", done.stdout
    assert (done.returncode, done.stderr) == (0, "")
