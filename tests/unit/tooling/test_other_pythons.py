"""Which interpreter is taken for a version: one that answers, not a shim."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.programs.other_pythons import SUPPORTED, find_interpreter
from tests.support.paths import ROOT

PRESENT = (sys.version_info.major, sys.version_info.minor)


def test_an_interpreter_that_answers_is_found_after_one_that_does_not(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    absent = tmp_path / "absent"
    assert find_interpreter(PRESENT, [absent, shim, Path(sys.executable)]) == Path(sys.executable)


def test_an_interpreter_of_another_version_is_not_taken() -> None:
    assert find_interpreter((2, 7), [Path(sys.executable)]) is None


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_supported_version_is_a_classifier(version: tuple[int, int]) -> None:
    name = ".".join(map(str, version))
    assert f'"Programming Language :: Python :: {name}"' in ROOT.joinpath("pyproject.toml").read_text("utf-8")
