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
LARGE_FOLDERS: dict[str, str] = {
    "stream_app/edges/metrics": "one collector in parts that fill one page; cut, each half would import the other",
}


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
    if not text or len([part for part in text.split("\n\n") if not part.startswith(">>>")]) > 2:
        faults.append("is more than a summary and one paragraph")
    return faults


@pytest.mark.parametrize("package", _packages(*DOCUMENTED))
def test_the_docstring_of_a_package_is_a_summary_and_a_paragraph_that_name_what_is_in_it(package: str) -> None:
    assert _faults(package) == []


@pytest.mark.parametrize("package", _packages(*PRODUCT))
def test_a_folder_has_few_modules_or_a_reason(package: str) -> None:
    assert len(_modules(package)) <= MAX_MODULES or LARGE_FOLDERS.get(package)


def test_only_large_folders_need_a_reason() -> None:
    assert [package for package in LARGE_FOLDERS if len(_modules(package)) <= MAX_MODULES] == []


def test_no_module_is_longer_than_a_reader_can_follow() -> None:
    # Files of tests are lists of cases, one after the other, and may be longer.
    paths = (path for root in (*DOCUMENTED, "benchmarks") for path in ROOT.joinpath(root).rglob("*.py"))
    n_lines = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in paths}
    assert {path for path, n in n_lines.items() if n > MAX_LINES} == set()


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
