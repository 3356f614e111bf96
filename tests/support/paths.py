"""Where the files of the repository are, seen from the tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
