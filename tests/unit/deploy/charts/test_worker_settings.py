"""The variables and the policy that a worker gets from the chart."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.settings import load_settings
from tests.support.charts.helm import of_kind, render, rendered
from tests.support.charts.pod_parts import ALL, each_file, environ_of, mounted_files, worker_of
from tests.support.paths import ROOT
from tests.support.servers.command_lines import parse

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm


@each_file
def test_the_variables_of_a_worker_are_settings_that_it_accepts_and_their_files_are_mounted(values: Path) -> None:
    pod = worker_of(rendered(values))
    (worker,) = pod["containers"]
    environ = environ_of(worker)
    settings = load_settings(environ)
    assert settings.connection.checked().servers.startswith(("kafka", "my-cluster"))
    parse(worker["args"])
    paths = {value for value in environ.values() if value.startswith("/etc/fairstream/")}
    assert paths <= mounted_files(pod, worker)
    assert settings.metrics_host == "0.0.0.0"  # noqa: S104  # inside the pod; the network policy decides
    assert worker["ports"] == [{"name": "metrics", "containerPort": settings.metrics_port, "protocol": "TCP"}]
    probes = {name: worker[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def test_a_policy_as_text_gets_to_the_worker_unchanged_and_a_change_restarts_it() -> None:
    def deploy(text: str) -> tuple[str, dict[str, str]]:
        manifests = render(ALL["minimal"], policy={"text": text})
        (config,) = of_kind(manifests, "ConfigMap", "-policy")
        (deployment,) = of_kind(manifests, "Deployment", "-worker")
        return config["data"]["policy.toml"], deployment["spec"]["template"]["metadata"]["annotations"]

    text = ROOT.joinpath("stream_app", "policies", "loans.toml").read_text("utf-8")
    got, annotations = deploy(text)
    assert got == text
    assert annotations != deploy(text.replace("loans", "cars"))[1]
