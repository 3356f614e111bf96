"""What a platform review asks of every pod: no rights, no secret in a variable, limits, probes, a closed network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream_app.settings import PREFIX, load_settings
from tests.support.charts.helm import (
    VALUES_FILES,
    Manifest,
    containers,
    of_kind,
    pod_specs,
    render,
    rendered,
)
from tests.support.paths import ROOT
from tests.support.servers.command_lines import parse

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm

ALL = {path.stem: path for path in VALUES_FILES}
each_file = pytest.mark.parametrize("values", VALUES_FILES, ids=lambda path: path.stem)


def worker_of(manifests: list[Manifest]) -> Manifest:
    """Return the pod of the workers."""
    (pod,) = [pod for name, pod in pod_specs(manifests).items() if name.endswith("-worker")]
    return pod


def environ_of(container: Manifest) -> dict[str, str]:
    """Return the variables of a container."""
    return {variable["name"]: variable["value"] for variable in container.get("env", [])}


def faults_of_pod(pod: Manifest) -> Iterator[str]:
    """Yield each way in which a pod is not restricted, or could starve its neighbors."""
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield "runs as root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token of the API"
    if pod.get("enableServiceLinks") is not False:
        yield "gets variables of services, which begin with FAIRSTREAM_"
    if any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "shares a namespace of the host"
    for volume in pod.get("volumes", []):
        if set(volume) - {"name"} - {"emptyDir", "secret", "configMap", "projected", "persistentVolumeClaim"}:
            yield f"mounts {sorted(volume)}"
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"may fill the disk of the node through {volume['name']}"
    for container in containers(pod):
        yield from (f"{container['name']} {fault}" for fault in faults_of_container(container))


def faults_of_container(container: Manifest) -> Iterator[str]:
    """Yield the same of one container."""
    context = container.get("securityContext", {})
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may write its image"
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        yield "may get more rights"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield "has capabilities"
    resources = container.get("resources", {})
    if not {"cpu", "memory"} <= resources.get("requests", {}).keys() or "memory" not in resources.get("limits", {}):
        yield "has no requests or limits"
    for variable in container.get("env", []):
        if set(variable) != {"name", "value"}:
            yield f"takes {variable['name']} from elsewhere"
    if container.get("envFrom"):
        yield "takes variables from elsewhere"
    if container["image"].endswith(":latest") or not re.search(r":[\w.-]+$|@sha256:[0-9a-f]{64}$", container["image"]):
        yield "has no pinned image"


@each_file
def test_every_pod_is_restricted(values: Path) -> None:
    pods = pod_specs(rendered(values))
    assert pods
    assert {name: list(faults_of_pod(pod)) for name, pod in pods.items()} == {name: [] for name in pods}


def test_a_pod_that_is_not_restricted_would_be_noticed() -> None:
    faults = list(faults_of_pod({"containers": [{"name": "x", "image": "y:latest", "env": [{"name": "a"}]}]}))
    assert len(faults) == 10


@each_file
def test_secrets_are_mounted_files_and_never_variables_arguments_or_objects(values: Path) -> None:
    manifests = rendered(values)
    assert of_kind(manifests, "Secret") == []
    for pod in pod_specs(manifests).values():
        for container in containers(pod):
            environ = environ_of(container)
            named = {name for name in environ if re.search(r"PASSWORD|SECRET|TOKEN|KEY", name)}
            assert named - _NO_SECRETS <= {
                "OTEL_EXPORTER_OTLP_CLIENT_KEY",
                *(f"{PREFIX}{x}_FILE" for x in _SECRET_FILES),
            }
            for name in named - _NO_SECRETS:
                assert environ[name] in mounted_files(pod, container), name


_SECRET_FILES = (
    *("SASL_PASSWORD", "OAUTH_CLIENT_SECRET", "SSL_KEY", "SSL_KEY_PASSWORD"),
    *("REGISTRY_PASSWORD", "REGISTRY_KEY", "WEB_TOKEN"),
    *("RECORD_KEY", "OTHER_RECORD_KEY", "DATABASE_PASSWORD", "OIDC_CLIENT_SECRET"),
)
_NO_SECRETS = {f"{PREFIX}OAUTH_TOKEN_URL"}  # by its name one could think so


def mounted_files(pod: Manifest, container: Manifest) -> set[str]:
    """Return the paths of the files that the volumes put into a container."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    return {
        f"{mount['mountPath']}/{item['path']}"
        for mount in container["volumeMounts"]
        for source in _sources(volumes[mount["name"]])
        for item in source.get("items", [{"path": "web.yml"}])  # all of a Secret, with the web configuration in it
    }


def _sources(volume: Manifest) -> list[Manifest]:
    parts = [volume[kind] for kind in ("secret", "configMap") if kind in volume]
    return parts + [inner for part in volume.get("projected", {}).get("sources", []) for inner in part.values()]


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


@each_file
def test_only_the_first_container_sees_the_keys_and_copies_them_to_where_the_worker_reads(values: Path) -> None:
    pod = worker_of(rendered(values))
    (first,), (worker,) = pod["initContainers"], pod["containers"]
    source, target = first["command"][-2:]
    assert source in mounted_files(pod, first)
    assert source not in mounted_files(pod, worker)
    assert target == f"{environ_of(worker)['FAIRSTREAM_STATE']}/keys/pseudonym-keys.json"
    mounts = {mount["name"]: mount for mount in worker["volumeMounts"]}
    assert mounts["state"]["readOnly"] is True
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["state"]["emptyDir"]["medium"] == "Memory"
    modes = {v.get("defaultMode") for v in (volumes["keys"]["secret"], volumes.get("files", {}).get("projected", {}))}
    assert modes <= {0o440, None}


@each_file
def test_the_workers_are_selected_by_everything_that_is_about_them(values: Path) -> None:
    manifests = rendered(values)
    (deployment,) = of_kind(manifests, "Deployment", "-worker")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    selectors = [deployment["spec"]["selector"]["matchLabels"]]
    selectors += [budget["spec"]["selector"]["matchLabels"] for budget in of_kind(manifests, "PodDisruptionBudget")]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in of_kind(manifests, "PodMonitor", "-worker")]
    rules = of_kind(manifests, "NetworkPolicy", "-worker")
    selectors += [rule["spec"]["podSelector"]["matchLabels"] for rule in rules]
    spread = worker_of(manifests).get("topologySpreadConstraints", [])
    selectors += [constraint["labelSelector"]["matchLabels"] for constraint in spread]
    assert len(selectors) > 1
    for selector in selectors:
        assert selector == selectors[0]
        assert selector.items() <= labels.items()
    for service in of_kind(manifests, "Service"):
        (target,) = of_kind(manifests, "Deployment", service["metadata"]["name"])
        assert service["spec"]["selector"] == target["spec"]["selector"]["matchLabels"] != selectors[0]


def ports_of(rules: list[Any]) -> set[int]:
    """Return the ports of rules of a NetworkPolicy."""
    return {port["port"] for rule in rules for port in rule["ports"]}


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("minimal", {53, 9093}),
        ("mutual-tls", {53, 9093, 9094}),
        ("oauth", {53, 9093, 8443}),
        ("scram", {53, 9093, 4318}),
        ("registry", {53, 9093, 8081, 4318}),
    ],
)
def test_a_worker_talks_to_kafka_and_is_asked_for_its_metrics_and_nothing_else(name: str, out: set[int]) -> None:
    (policy,) = of_kind(rendered(ALL[name]), "NetworkPolicy", "-worker")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert ports_of(policy["spec"]["ingress"]) == {9464}
    assert all(rule["from"] for rule in policy["spec"]["ingress"])
    assert ports_of(policy["spec"]["egress"]) == out


def test_the_sink_sends_nothing() -> None:
    (policy,) = of_kind(rendered(ALL["scram"]), "NetworkPolicy", "-notify-sink")
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "egress" not in policy["spec"]
    (deployment,) = of_kind(rendered(ALL["scram"]), "Deployment", "-notify-sink")
    parse(deployment["spec"]["template"]["spec"]["containers"][0]["args"])


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


def test_the_keys_of_the_records_are_mounted_as_files() -> None:
    (worker,) = worker_of(rendered(ALL["registry"]))["containers"]
    settings = load_settings(environ_of(worker))
    assert settings.record_key_file == "/etc/fairstream/files/record-key"
    assert settings.other_record_key_file == "/etc/fairstream/files/other-record-key"
    files = next(volume for volume in worker_of(rendered(ALL["registry"]))["volumes"] if volume["name"] == "files")
    secrets = [source["secret"] for source in files["projected"]["sources"]]
    assert {"name": "record-key", "items": [{"key": "record-key", "path": "record-key"}]} in secrets
    assert {"name": "former-record-key", "items": [{"key": "key", "path": "other-record-key"}]} in secrets
    (plain,) = worker_of(rendered(ALL["scram"]))["containers"]
    assert load_settings(environ_of(plain)).record_key_file is None


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


@pytest.mark.parametrize(("name", "most"), [("scram", 12), ("mutual-tls", 4), ("oauth", 4), ("plaintext", 4)])
def test_the_autoscaler_never_asks_for_more_workers_than_partitions_and_owns_the_number(name: str, most: int) -> None:
    manifests = rendered(ALL[name])
    (scaled,) = of_kind(manifests, "ScaledObject")
    (deployment,) = of_kind(manifests, "Deployment", "-worker")
    assert scaled["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert scaled["spec"]["maxReplicaCount"] == most
    assert scaled["spec"]["minReplicaCount"] >= 1
    assert "replicas" not in deployment["spec"]
    environ = environ_of(worker_of(manifests)["containers"][0])
    for trigger in scaled["spec"]["triggers"]:
        assert trigger["metadata"]["bootstrapServers"] == environ["FAIRSTREAM_KAFKA"]
        assert trigger["metadata"]["consumerGroup"] == environ["FAIRSTREAM_APP_ID"]
        assert all(isinstance(value, str) for value in trigger["metadata"].values())


@pytest.mark.parametrize(
    ("name", "trigger", "parameters"),
    [
        ("scram", {"tls": "enable", "sasl": "scram_sha512"}, {"ca", "password", "username"}),
        ("mutual-tls", {"tls": "enable"}, {"ca", "cert", "key", "keyPassword"}),
        (
            "oauth",
            {"tls": "enable", "sasl": "oauthbearer"},
            {"password", "username", "oauthTokenEndpointUri", "scopes"},
        ),
        ("plaintext", {}, set()),
    ],
)
def test_the_autoscaler_connects_as_the_worker_does(name: str, trigger: dict[str, str], parameters: set[str]) -> None:
    manifests = rendered(ALL[name])
    (scaled,) = of_kind(manifests, "ScaledObject")
    metadata = scaled["spec"]["triggers"][0]["metadata"]
    assert {key: metadata[key] for key in ("tls", "sasl") if key in metadata} == trigger
    found = {part["parameter"] for m in of_kind(manifests, "TriggerAuthentication") for part in _parts(m["spec"])}
    assert found == parameters
    environ = environ_of(worker_of(manifests)["containers"][0])
    for authentication in of_kind(manifests, "TriggerAuthentication"):
        assert {part["name"] for part in authentication["spec"].get("env", [])} <= environ.keys()


def _parts(spec: Manifest) -> list[Manifest]:
    return [*spec["secretTargetRef"], *spec.get("env", [])]
