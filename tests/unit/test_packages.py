"""Every folder of the product says what is in it, stays small, and is named in the contracts of its layers."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

PRODUCT = ("stream_app", "producers", "dashboards", "fairstream")
DOCUMENTED = (*PRODUCT, "tests/support", "tests/programs", "tests/recorded")
MAX_MODULES, MAX_LINES = 12, 300

# A folder with more modules, and why.
LARGE_FOLDERS: dict[str, str] = {}

# Folders whose docstring does not name everything yet. Empty this list; do not add to it.
UNDOCUMENTED = {
    "dashboards",
    "dashboards/boards",
    "producers",
    "producers/recorded",
    "producers/simulated",
    "stream_app",
    "stream_app/cli",
    "stream_app/cli/admin",
    "stream_app/cli/demo",
    "stream_app/cli/detect",
    "stream_app/cli/produce",
    "stream_app/cli/replay",
    "stream_app/cli/show",
    "stream_app/core",
    "stream_app/core/cause",
    "stream_app/core/detection",
    "stream_app/core/detection/betting",
    "stream_app/core/events",
    "stream_app/core/fairness",
    "stream_app/core/groups",
    "stream_app/core/intervals",
    "stream_app/core/join",
    "stream_app/core/privacy",
    "stream_app/core/windows",
    "stream_app/edges",
    "stream_app/edges/files",
    "stream_app/edges/host",
    "stream_app/edges/kafka",
    "stream_app/edges/kafka/local",
    "stream_app/edges/kafka/readers",
    "stream_app/edges/lanes",
    "stream_app/edges/metrics",
    "stream_app/edges/notify",
    "stream_app/edges/servers",
    "stream_app/offline",
    "stream_app/pipeline",
    "stream_app/pipeline/disclosure",
    "stream_app/pipeline/ingest",
    "stream_app/pipeline/judge",
    "stream_app/pipeline/judge/monitors",
    "stream_app/pipeline/judge/subjects",
    "stream_app/pipeline/judge/verdicts",
    "stream_app/pipeline/outcomes",
    "stream_app/pipeline/panes",
    "stream_app/pipeline/records",
    "stream_app/pipeline/replay",
    "stream_app/pipeline/replay/bisect",
    "stream_app/pipeline/replay/export",
    "stream_app/pipeline/replay/ranges",
    "stream_app/pipeline/replay/verify",
    "stream_app/policy",
    "stream_app/programs",
    "stream_app/programs/demo",
    "stream_app/programs/export",
    "stream_app/programs/replay",
    "stream_app/programs/worker",
    "stream_app/render",
    "stream_app/render/report",
}
# Modules that are longer than they may be. Empty this list too.
LONG_MODULES = {"stream_app/policy/parts.py"}


def _packages(*roots: str) -> list[str]:
    files = (path for root in roots for path in ROOT.joinpath(root).rglob("__init__.py"))
    return sorted(path.parent.relative_to(ROOT).as_posix() for path in files)


def _modules(package: str) -> list[Path]:
    return sorted(path for path in ROOT.joinpath(package).glob("*.py") if path.stem not in ("__init__", "__main__"))


def _names_in(package: str) -> set[str]:
    folders = {path.parent.name for path in ROOT.joinpath(package).glob("*/__init__.py")}
    return folders | {path.stem for path in _modules(package)}


def _docstring(package: str) -> str:
    return ast.get_docstring(ast.parse(ROOT.joinpath(package, "__init__.py").read_text("utf-8"))) or ""


def _faults(package: str) -> list[str]:
    """Return what is wrong with the docstring of a package."""
    text = _docstring(package)
    named = set(re.findall(r"``([\w.]+)``", text))
    faults = [f"does not name ``{name}``" for name in sorted(_names_in(package) - named)]
    if not text or "\n\n" in text:
        faults.append("is not one paragraph")
    return faults


@pytest.mark.parametrize("package", _packages(*DOCUMENTED))
def test_the_docstring_of_a_package_is_one_paragraph_that_names_what_is_in_it(package: str) -> None:
    if package in UNDOCUMENTED:
        pytest.skip("not documented yet")
    assert _faults(package) == []


def test_only_undocumented_packages_are_listed_as_such() -> None:
    assert [package for package in sorted(UNDOCUMENTED) if package not in _packages(*DOCUMENTED)] == []
    assert [package for package in sorted(UNDOCUMENTED) if not _faults(package)] == []


@pytest.mark.parametrize("package", _packages(*PRODUCT))
def test_a_folder_has_few_modules_or_a_reason(package: str) -> None:
    assert len(_modules(package)) <= MAX_MODULES or LARGE_FOLDERS.get(package)


def test_only_large_folders_need_a_reason() -> None:
    assert [package for package in LARGE_FOLDERS if len(_modules(package)) <= MAX_MODULES] == []


def test_no_module_is_longer_than_a_reader_can_follow() -> None:
    # Files of tests are lists of cases, one after the other, and may be longer.
    paths = (path for root in (*DOCUMENTED, "benchmarks") for path in ROOT.joinpath(root).rglob("*.py"))
    n_lines = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in paths}
    assert {path for path, n in n_lines.items() if n > MAX_LINES} == LONG_MODULES


def test_every_python_file_of_the_product_is_in_a_package() -> None:
    files = (path for root in PRODUCT for path in ROOT.joinpath(root).rglob("*.py"))
    assert [str(path) for path in files if not path.with_name("__init__.py").exists()] == []


def _contracts() -> list[dict[str, Any]]:
    config = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    return list(config["contracts"])


def _named_modules(contract: dict[str, Any]) -> set[str]:
    """Return every module of the product that a contract names, with its full name."""
    containers = contract.get("containers", [])
    layers = [name.strip(" ()") for layer in contract.get("layers", []) for name in re.split(r"[|:]", layer)]
    names = {f"{container}.{layer}" for container in containers for layer in layers} if containers else set(layers)
    names |= {*containers, *contract.get("source_modules", []), *contract.get("forbidden_modules", [])}
    return {name for name in names if name.split(".")[0] in PRODUCT}


@pytest.mark.parametrize("contract", _contracts(), ids=[contract["name"] for contract in _contracts()])
def test_every_module_that_a_contract_names_exists(contract: dict[str, Any]) -> None:
    assert _named_modules(contract)
    for name in sorted(_named_modules(contract)):
        path = ROOT.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or path.joinpath("__init__.py").exists(), name


def test_layers_of_a_package_leave_none_of_its_modules_out() -> None:
    contained = [contract for contract in _contracts() if "containers" in contract]
    assert [contract["name"] for contract in contained if not contract.get("exhaustive")] == []
