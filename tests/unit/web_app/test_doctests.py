"""The examples of the web application: pytest does not collect them, since its modules need Django's settings first."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import stream_app.web_app

MODULES = [
    module.name
    for module in pkgutil.walk_packages(stream_app.web_app.__path__, "stream_app.web_app.")
    if ".migrations." not in module.name
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module, raise_on_error=False).failed == 0


def test_there_are_examples() -> None:
    found = (test for name in MODULES for test in doctest.DocTestFinder().find(importlib.import_module(name)))
    assert sum(bool(test.examples) for test in found) > 5
