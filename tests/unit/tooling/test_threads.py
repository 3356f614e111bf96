"""Tests run with one thread of linear algebra, as a worker does: several only wait for one another on a busy host."""

from __future__ import annotations

import os
import subprocess
import sys


def test_linear_algebra_has_one_thread_in_tests() -> None:
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_numpy_is_not_imported_before_the_number_of_threads_is_set() -> None:
    program = "import sys, pytest, hypothesis, stream_app.errors; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
