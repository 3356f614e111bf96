"""What `import fairstream` promises: few imports, names that exist, complete docstrings."""

from __future__ import annotations

import doctest
import inspect
import json
import subprocess
import sys
from types import FunctionType, ModuleType

import pytest

import fairstream
import stream_app
from fairstream import causes, conventions, detection, detectors, intervals, live, metrics, outcomes, replays
from fairstream.testing import streams, tables
from tests.support.paths import ROOT

MODULES = (causes, conventions, detection, detectors, intervals, live, metrics, outcomes, replays, streams, tables)
NEEDS_KAFKA = {"results", "amount_results", "outcome_results", "alerts", "replay"}
HEAVY = ("aiokafka", "faust", "kafka", "pandas", "prometheus_client", "rich", "typer")
FUNCTIONS = [
    pytest.param(function, id=f"{module.__name__}.{name}")
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__
    and not name.startswith("_")
    and name in vars(module).get("__all__", [name])
]


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after some code."""
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_import_is_lean() -> None:
    assert loaded_by("import fairstream").isdisjoint(HEAVY)


def test_metrics_of_counts_need_no_more_than_the_import() -> None:
    code = "import fairstream as fs; fs.disparate_impact_ratio(fs.GroupCount(9, 3), fs.GroupCount(9, 4))"
    assert loaded_by(code).isdisjoint(HEAVY)


def test_the_worker_does_not_load_pandas() -> None:
    loaded = loaded_by("import stream_app.programs.worker.run")
    assert "faust" in loaded
    assert "pandas" not in loaded


def test_every_public_name_exists_and_is_listed_by_dir() -> None:
    assert list(fairstream.__all__) == sorted(fairstream.__all__)
    assert set(fairstream.__all__) <= set(dir(fairstream))
    for name in fairstream.__all__:
        assert getattr(fairstream, name) is not None
    assert fairstream.__version__ == stream_app.__version__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'disparate_impact'"):
        fairstream.disparate_impact  # type: ignore[attr-defined]  # noqa: B018 - what is tested


def test_a_public_name_is_not_also_the_name_of_a_module() -> None:
    modules = {path.stem for path in ROOT.joinpath("fairstream").glob("[a-z]*.py")}
    assert modules & set(fairstream.__all__) == {"notifications"}  # which is meant


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_docstring_has_a_summary_arguments_and_an_example(function: FunctionType) -> None:
    text = inspect.getdoc(function) or ""
    assert text.splitlines()[0].endswith(".")
    assert "Args:\n" in text
    for name in inspect.signature(function).parameters:
        assert f"\n    {name}: " in text, name
    if function.__name__ not in NEEDS_KAFKA:
        assert doctest.DocTestParser().get_examples(text)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__))
def test_each_name_that_a_module_exports_exists(module: ModuleType) -> None:
    for name in vars(module).get("__all__", []):
        assert hasattr(module, name)


def test_without_pandas_a_dataframe_is_one_clear_error() -> None:
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "import fairstream as fs\n"
        "for call in (lambda: fs.results('loans'), lambda: fs.replay('loans'), lambda: fs.detect(None)):\n"
        "    try:\n        call()\n    except fs.DependencyMissingError as error:\n        print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    expected = "A DataFrame needs pandas, which is not installed (extra pandas). Run: pip install 'pandas>=2.3,<4'"
    assert done.stdout.splitlines() == [expected] * 3
