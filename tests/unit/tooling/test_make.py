"""``make``, CI and the hooks of pre-commit name what exists."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.paths import ROOT

MAKEFILE = ROOT.joinpath("Makefile").read_text("utf-8")
RULES = re.findall(r"^([a-z-]+):[^=]*?(?: ## (.*))?$", MAKEFILE, re.MULTILINE)
TARGETS = {name for name, _ in RULES}


def hooks() -> list[dict[str, Any]]:
    config = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")
    assert {repository["repo"] for repository in config["repos"]} == {"local"}  # nothing is fetched
    return [hook for repository in config["repos"] for hook in repository["hooks"]]


def test_help_shows_every_target_with_its_text() -> None:
    assert [name for name, text in RULES if not text] == []
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) ", shown, re.MULTILINE)) == TARGETS


def test_every_target_is_phony_so_that_no_folder_hides_it() -> None:
    listed = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert listed is not None
    assert set(listed[1].replace("\\", " ").split()) == TARGETS


@pytest.mark.parametrize("hook", hooks(), ids=[hook["id"] for hook in hooks()])
def test_every_hook_runs_a_target_that_exists(hook: dict[str, Any]) -> None:
    assert hook["language"] == "system"
    program, target = hook["entry"].split()
    assert program == "make"
    assert target in TARGETS


def test_the_hooks_are_the_checks_of_lint() -> None:
    lint = re.search(r"^lint: (.*?) ##", MAKEFILE, re.MULTILINE)
    assert lint is not None
    assert sorted(hook["entry"] for hook in hooks()) == sorted(f"make {check}" for check in lint[1].split())


@pytest.mark.parametrize("program", sorted(path.name for path in ROOT.joinpath(".ci").iterdir()))
def test_every_program_of_ci_is_a_valid_script_and_runs_targets_that_exist(program: str) -> None:
    path = ROOT / ".ci" / program
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", path], capture_output=True, check=False).returncode == 0
    assert set(re.findall(r"\bmake ([a-z-]+)(?= |$)", path.read_text("utf-8"), re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m ([\w.]+)", MAKEFILE))))
def test_every_module_that_make_runs_exists(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))
    is_ours = module.split(".", maxsplit=1)[0] in ("tests", "benchmarks", "dashboards")
    assert not is_ours or path.with_suffix(".py").exists() or path.joinpath("__main__.py").exists()
