"""What Prometheus and the probes get from the chart: rules, dashboards, scrapes, TLS and a token."""

from __future__ import annotations

import re

import pytest
import yaml

from stream_app.settings import load_settings
from tests.support.charts.helm import of_kind, rendered
from tests.support.charts.pod_parts import ALL, environ_of, worker_of
from tests.support.paths import ROOT

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm


def test_the_rules_and_dashboards_are_those_of_the_repository() -> None:
    manifests = rendered(ALL["scram"])
    rules = {
        m["metadata"]["name"].removeprefix("fs-fairstream-"): m["spec"] for m in of_kind(manifests, "PrometheusRule")
    }
    addresses = {
        "http://127.0.0.1:9099": "https://runbooks.example",
        "http://127.0.0.1:3000": "https://grafana.example",
        '$web := ""': '$web := "https://fairness.example"',
    }
    for path in sorted(ROOT.joinpath("deploy", "prometheus", "rules").glob("*.yml")):
        text = path.read_text("utf-8")
        for shipped, given in addresses.items():
            text = text.replace(shipped, given)
        assert "127.0.0.1" not in text
        assert rules.pop(path.stem) == yaml.load(text, yaml.CSafeLoader)
    assert rules == {}
    boards = {m["metadata"]["name"].partition("-dashboard-")[2]: m for m in of_kind(manifests, "ConfigMap", "")}
    files = sorted(ROOT.joinpath("dashboards", "json").glob("*/*.json"))
    for path in files:
        assert boards[path.stem]["data"] == {path.name: path.read_text("utf-8")}
        assert boards[path.stem]["metadata"]["annotations"] == {"grafana_folder": path.parent.name}
    assert len(boards) == len(files) + 1  # and the policy


def test_prometheus_scrapes_as_the_shipped_configuration_does() -> None:
    (monitor,) = of_kind(rendered(ALL["scram"]), "PodMonitor")
    text = ROOT.joinpath("deploy", "prometheus", "prometheus.yml").read_text("utf-8")
    shipped = dict(re.findall(r"(sample_limit|label_limit|label_value_length_limit): (\d+)", text))
    spec = monitor["spec"]
    limits = [str(spec[name]) for name in ("sampleLimit", "labelLimit", "labelValueLengthLimit")]
    assert limits == [shipped[name] for name in ("sample_limit", "label_limit", "label_value_length_limit")]
    (endpoint,) = spec["podMetricsEndpoints"]
    assert {"targetLabel": "job", "replacement": "fairstream"} in endpoint["relabelings"]
    assert f"scrape_interval: {endpoint['interval']}" in text


def test_prometheus_and_probes_use_tls_and_the_token_if_metrics_are_protected() -> None:
    manifests = rendered(ALL["registry"])
    (monitor,) = of_kind(manifests, "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["scheme"] == "https"
    assert endpoint["tlsConfig"] == {
        "ca": {"secret": {"name": "web-ca", "key": "ca.crt"}},
        "serverName": "fairstream.example",
    }
    assert endpoint["authorization"] == {"credentials": {"name": "web-token", "key": "token"}}
    (worker,) = worker_of(manifests)["containers"]
    schemes = {worker[name]["httpGet"]["scheme"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert schemes == {"HTTPS"}
    settings = load_settings(environ_of(worker))
    assert settings.registry is not None
    assert settings.registry.ca_file == "/etc/fairstream/files/registry-ca.pem"
    assert settings.web_config == "/etc/fairstream/web/web.yml"
