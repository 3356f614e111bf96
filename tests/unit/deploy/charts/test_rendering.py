"""The chart renders from every file of values in ``deploy/helm/ci``; every object is valid by its published schema."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from stream_app import __version__
from tests.programs.chart_files import existing_links, wanted_links
from tests.support.charts.custom_types import faults, is_custom
from tests.support.charts.helm import (
    CHART,
    NAMESPACE,
    VALUES_FILES,
    Manifest,
    need_helm,
    of_kind,
    render,
    rendered,
    run_helm,
    template,
)

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm
KUBERNETES = ("1.30", "1.37")
MAX_BYTES = 1024 * 1024  # of an object, and of the release that Helm stores in a Secret

each_file = pytest.mark.parametrize("values", VALUES_FILES, ids=lambda path: path.stem)


def errors_of(manifest: Manifest) -> list[str]:
    """Return what is wrong with an object of Kubernetes or of an operator."""
    if is_custom(manifest):
        return faults(manifest)
    try:
        for version in KUBERNETES:
            kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [error.message]
    return []


@each_file
def test_helm_has_no_complaint_about_the_chart(values: Path) -> None:
    answer = run_helm("lint", "--strict", CHART, "-f", values)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "[WARNING]" not in answer.stdout


@each_file
def test_every_object_is_valid_by_its_schema(values: Path) -> None:
    manifests = rendered(values)
    assert {name: errors for m in manifests if (errors := errors_of(m)) and (name := m["metadata"]["name"])} == {}
    names = [(m["kind"], m["metadata"]["name"]) for m in manifests]
    assert len(names) == len(set(names)) > 3


@each_file
def test_every_object_is_small_enough_to_be_stored(values: Path) -> None:
    for manifest in rendered(values):
        assert len(json.dumps(manifest)) < MAX_BYTES // 2


def test_the_files_of_values_make_every_kind() -> None:
    kinds = {m["kind"] for values in VALUES_FILES for m in rendered(values)}
    assert kinds == {
        *("ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"),
        *("PodMonitor", "PrometheusRule", "ScaledObject", "TriggerAuthentication", "PersistentVolumeClaim"),
    }


BREAKS: dict[str, tuple[str, Any]] = {
    "Deployment": ("spec.template.spec.containers.0.imagePullPolice", "Always"),
    "NetworkPolicy": ("spec.policyTypes", "Ingress"),
    "PodMonitor": ("spec.podMetricsEndpoints.0.intervall", "5s"),
    "PrometheusRule": ("spec.groups.0.rules.0.labels", {"severity": 3}),
    "ScaledObject": ("spec.triggers.0.type", 3),
    "TriggerAuthentication": ("spec.secretTargetRef.0.file", "password"),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_mistake_in_an_object_would_be_noticed(kind: str) -> None:
    (values,) = [path for path in VALUES_FILES if path.stem == "scram"]
    manifest = copy.deepcopy(of_kind(rendered(values), kind)[0])
    path, value = BREAKS[kind]
    place: Any = manifest
    *parents, last = path.split(".")
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    place[last] = value
    assert errors_of(manifest)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no servers": ({}, "kafka.bootstrapServers is required"),
    "a mistyped name": ({"kafka": {"bootstrapServer": "a:1"}}, "bootstrapServer"),
    "a secret in place of its name": ({"kafka": {"sasl": {"password": "hunter2"}}}, "password"),
    "an unknown role": ({"worker": {"roles": ["web"]}}, "roles"),
    "two policies": ({"policy": {"text": "x", "existingConfigMap": {"name": "y"}}}, "give one of them"),
    "a setting with a value of its own": ({"settings": {"kafka": "b:2"}}, "settings.kafka"),
    "autoscaling without topics": ({"autoscaling": {"enabled": True}}, "autoscaling.topics is required"),
    "several scopes for KEDA": (
        {
            "kafka": {"oauth": {"scope": "read write"}},
            "autoscaling": {"enabled": True, "topics": [{"name": "raw", "partitions": 2}]},
        },
        "must be one scope",
    ),
    "a web application without its address": ({"webApp": {"enabled": True}}, "webApp.url is required"),
    "a password in the address of the database": (
        {"webApp": {"enabled": True, "url": "https://a", "database": {"url": "postgresql://u:hunter2@h/d"}}},
        "webApp.database.url contains a password",
    ),
    "a setting of the web application with a value of its own": (
        {"webApp": {"enabled": True, "url": "https://a", "settings": {"web_url": "https://b"}}},
        "webApp.settings.web_url",
    ),
    "more workers than partitions": (
        {"autoscaling": {"enabled": True, "minReplicas": 3, "topics": [{"name": "raw", "partitions": 2}]}},
        "no topic has more than 2 partitions",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_values_are_rejected_with_what_is_wrong(fault: str) -> None:
    values, message = WRONG[fault]
    kafka = {} if fault == "no servers" else {"bootstrapServers": "kafka.example:9093", **values.get("kafka", {})}
    answer = template(**{**values, "kafka": kafka})
    assert answer.returncode != 0
    assert message in answer.stderr
    assert "hunter2" not in answer.stderr


def test_names_that_look_like_numbers_stay_names() -> None:
    secret = {"name": "42", "key": "1e5"}
    manifests = render(
        appId="123",
        image={"pullSecrets": ["7"]},
        kafka={
            "bootstrapServers": "10.0.0.1:9093",
            "tls": {"caSecret": secret, "clientSecret": {"name": "43", "passwordKey": "0"}},
            "sasl": {"mechanism": "PLAIN", "username": "12", "passwordSecret": secret},
        },
        keysSecret=secret,
        policy={"existingConfigMap": secret},
        worker={"priorityClassName": "5"},
        autoscaling={"enabled": True, "topics": [{"name": "007", "partitions": 3}]},
    )
    assert {m["kind"]: errors for m in manifests if (errors := errors_of(m))} == {}
    (scaled,) = of_kind(manifests, "ScaledObject")
    assert (scaled["spec"]["triggers"][0]["metadata"]["topic"], len(manifests)) == ("007", 6)


def test_the_version_of_the_chart_is_that_of_fairstream() -> None:
    chart = yaml.load(CHART.joinpath("Chart.yaml").read_text("utf-8"), yaml.CSafeLoader)
    assert chart["version"] == chart["appVersion"] == __version__


def test_a_package_has_the_rules_and_dashboards_inside_and_fits_into_a_release(tmp_path: Path) -> None:
    answer = run_helm("package", CHART, "--destination", tmp_path)
    assert answer.returncode == 0, answer.stderr
    (package,) = tmp_path.iterdir()
    (values,) = [path for path in VALUES_FILES if path.stem == "scram"]
    answer = run_helm("template", "fs", package, "--namespace", NAMESPACE, "--kube-version", "1.30", "-f", values)
    manifests = [m for m in yaml.load_all(answer.stdout, yaml.CSafeLoader) if m]
    assert len(of_kind(manifests, "PrometheusRule")) == 5
    assert manifests == rendered(values)
    stored = package.stat().st_size + len(gzip.compress(answer.stdout.encode()))
    assert 2 * stored < MAX_BYTES  # base64 adds a third; the rest is reserve


def test_the_chart_links_to_every_rule_and_dashboard() -> None:
    links = {link: str(link.readlink()) for link in existing_links()}
    assert links == wanted_links(), "python -m tests.programs.chart_files"


def test_helm_is_version_3() -> None:
    assert run_helm("version", "--short").stdout.startswith("v3."), need_helm()
