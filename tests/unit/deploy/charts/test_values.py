"""The values of the chart are documented, checked by its schema, and the values in the guide work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from docs.hooks.chart import VALUES, values_table
from stream_app.settings import load_settings
from tests.support.charts.helm import CHART, VALUES_FILES, of_kind, pod_specs, render
from tests.support.docs.pages import read_page
from tests.support.servers.command_lines import parse

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm

DEFAULTS: dict[str, Any] = yaml.load(VALUES.read_text("utf-8"), yaml.CSafeLoader)
SCHEMA: dict[str, Any] = json.loads(CHART.joinpath("values.schema.json").read_text("utf-8"))
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| `.+?` \| (.*) \|$", values_table(VALUES.read_text("utf-8")), re.MULTILINE))


def leaves(values: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value that the table has, and of each that is in no value of it."""
    if path in ROWS or not isinstance(values, dict):
        yield path
        return
    for key, value in values.items():
        yield from leaves(value, f"{path}.{key}".lstrip("."))


def test_every_value_is_documented() -> None:
    assert list(leaves(DEFAULTS)) == list(ROWS)
    assert [name for name, meaning in ROWS.items() if not meaning.endswith(".")] == []


def test_the_schema_has_every_value_and_no_other() -> None:
    def compare(defaults: dict[str, Any], schema: dict[str, Any], path: str) -> None:
        assert schema["additionalProperties"] is False, path
        assert defaults.keys() == schema["properties"].keys() - {"global"}, path
        for key, value in defaults.items():
            if isinstance(value, dict) and f"{path}{key}" not in ROWS:
                compare(value, schema["properties"][key], f"{path}{key}.")

    compare(DEFAULTS, SCHEMA, "")


def test_the_values_in_the_guide_install_what_it_says() -> None:
    page = read_page("docs", "how-to", "kubernetes.md")
    examples = [body for language, body in page.fences if language == "yaml"]
    workers, web_app = (yaml.load(example, yaml.CSafeLoader) for example in examples)
    manifests = render(**workers)
    kinds = {manifest["kind"] for manifest in manifests}
    assert {"PodMonitor", "PrometheusRule", "ScaledObject", "TriggerAuthentication"} <= kinds
    assert {*pod_specs(render(**workers, **web_app))} == {"fs-fairstream-worker", "fs-fairstream-web"}
    (pod,) = pod_specs(manifests).values()
    environ = {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}
    assert load_settings(environ).connection.checked().security.protocol == "SASL_SSL"


def test_the_commands_that_helm_shows_after_an_installation_are_valid() -> None:
    notes = (
        CHART.joinpath("templates", "NOTES.txt")
        .read_text("utf-8")
        .replace("{{ .Values.kafka.bootstrapServers }}", "a:1")
    )
    commands = re.findall(r"^ *fairstream (.+?)(?: [|#&].*)?$", notes, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        parse(command.split())


def test_a_setting_of_the_worker_reaches_it_as_it_was_written() -> None:
    given = {"flush_s": 0.25, "max_series": 2_000_000, "log_level": "warning", "session_timeout_s": 45}
    manifests = render(VALUES_FILES[0], settings=given)
    (deployment,) = of_kind(manifests, "Deployment")
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    settings = load_settings({variable["name"]: variable["value"] for variable in env})
    assert {name: getattr(settings, name) for name in given} == given
