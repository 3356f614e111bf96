"""Looks up modules, names in modules, commands and targets without running anything but the command line's set-up."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import fairstream
from stream_app.cli import load_commands, walk_commands
from tests.support.paths import ROOT

PACKAGES = ("stream_app", "fairstream", "producers", "dashboards", "benchmarks", "tests", "docs")


@cache
def defined_names(path: Path) -> frozenset[str]:
    """Return every class, function, method (as ``Class.method``) and assigned name of a module."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        names |= _names_of(node)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{name}" for inner in node.body for name in _names_of(inner)}
    return frozenset(names)


def module_file(dotted: str) -> Path | None:
    """Return the file of a module or package, or None."""
    path = ROOT.joinpath(*dotted.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py", path / "__main__.py"):
        if candidate.is_file():
            return candidate
    return None


def is_known(dotted: str) -> bool:
    """Tell whether a dotted name is a module, or a name in one."""
    if module_file(dotted) is not None or ROOT.joinpath(*dotted.split(".")).is_dir():
        return True
    parts = dotted.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        if (path := module_file(".".join(parts[:cut]))) is not None:
            name = ".".join(parts[cut:])
            return name in defined_names(path) or (parts[0] == "fairstream" and name in fairstream.__all__)
    return False


@cache
def commands() -> dict[str, frozenset[str]]:
    """Return the flags of every command by the words that call it."""
    found: dict[str, frozenset[str]] = {}
    for words, command in walk_commands(load_commands()):
        flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
        found[words] = frozenset(flags | {"--help", "-h"})
    return found


def make_targets() -> frozenset[str]:
    """Return every target of the Makefile."""
    text = ROOT.joinpath("Makefile").read_text("utf-8")
    return frozenset(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()
