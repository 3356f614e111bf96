"""The web application in the chart: a user of its own, no key, a volume that stays, pages also while Kafka is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.settings import load_settings
from stream_app.web_app.host.django import django_options
from tests.support.charts.helm import VALUES_FILES, Manifest, of_kind, pod_specs, render, rendered
from tests.support.servers.command_lines import parse

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm

FULL, PLAIN = (next(path for path in VALUES_FILES if path.stem == name) for name in ("web-app", "plaintext"))
FILES = "/etc/fairstream/files"


def pod_of(values: Path) -> Manifest:
    (pod,) = [pod for name, pod in pod_specs(rendered(values)).items() if name.endswith("-web")]
    return pod


def environ_of(pod: Manifest) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}


def files_of(pod: Manifest) -> dict[str, str]:
    """Return the Secret of each file that is mounted from one, by its path."""
    sources = [part["secret"] for v in pod["volumes"] for part in v.get("projected", {}).get("sources", [])]
    return {f"{FILES}/{item['path']}": secret["name"] for secret in sources for item in secret["items"]}


def test_there_is_none_without_being_asked_for() -> None:
    (minimal,) = [path for path in VALUES_FILES if path.stem == "minimal"]
    assert [name for name in pod_specs(rendered(minimal)) if name.endswith("-web")] == []
    assert of_kind(rendered(minimal), "PersistentVolumeClaim") == []


@pytest.mark.parametrize("values", [FULL, PLAIN], ids=lambda path: path.stem)
def test_its_variables_are_settings_with_which_it_serves_the_address_that_people_use(
    values: Path, tmp_path: Path
) -> None:
    pod = pod_of(values)
    environ = environ_of(pod)
    settings = load_settings(environ)
    assert settings.connection.checked().servers.split(":")[0] in ("kafka", "my-cluster-kafka-bootstrap.kafka.svc")
    parse(pod["containers"][0]["args"])
    served = load_settings({"FAIRSTREAM_STATE": str(tmp_path), "FAIRSTREAM_WEB_URL": settings.web_url or ""})
    assert {"localhost", (settings.web_url or "").partition("//")[2]} <= {*django_options(served)["ALLOWED_HOSTS"]}
    assert settings.web_host == "0.0.0.0"  # noqa: S104  # inside the pod; the network policy decides
    (port,) = pod["containers"][0]["ports"]
    assert port["containerPort"] == settings.web_port
    assert {value for value in environ.values() if value.startswith(FILES)} == {*files_of(pod)} - {
        f"{FILES}/database-ca.pem"
    }
    assert settings.database_url is None or settings.database_url.endswith(
        "sslrootcert=/etc/fairstream/files/database-ca.pem"
    )


def test_it_has_a_user_and_secrets_of_its_own_and_no_key_of_the_workers() -> None:
    pod = pod_of(FULL)
    environ = environ_of(pod)
    assert environ["FAIRSTREAM_SASL_USERNAME"] == "fairstream-web"
    assert files_of(pod) == {
        f"{FILES}/ca.pem": "my-cluster-cluster-ca-cert",
        f"{FILES}/sasl-password": "fairstream-web",
        f"{FILES}/database-password": "fairstream-database",
        f"{FILES}/database-ca.pem": "database-ca",
        f"{FILES}/oidc-client-secret": "fairstream-oidc",
        f"{FILES}/oidc-ca.pem": "login-ca",
    }
    assert not [name for name in environ if "RECORD_KEY" in name or "METRICS" in name]
    assert "initContainers" not in pod
    assert not [volume for volume in pod["volumes"] if volume["name"] == "keys"]
    (worker,) = [pod for name, pod in pod_specs(rendered(FULL)).items() if name.endswith("-worker")]
    names = {variable["name"] for variable in worker["containers"][0]["env"]}
    assert not [name for name in names if "WEB_" in name or "DATABASE" in name or "OIDC" in name]


def test_one_pod_at_a_time_writes_to_a_volume_that_outlives_the_release() -> None:
    (deployment,) = of_kind(rendered(FULL), "Deployment", "-web")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    pod = pod_of(FULL)
    assert pod["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch", "keys must stay closed to the group"
    (state,) = [volume for volume in pod["volumes"] if volume["name"] == "state"]
    (claim,) = of_kind(rendered(FULL), "PersistentVolumeClaim")
    assert state["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"
    (mount,) = [m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "state"]
    assert environ_of(pod)["FAIRSTREAM_STATE"].startswith(mount["mountPath"])
    assert of_kind(rendered(PLAIN), "PersistentVolumeClaim") == []
    (state,) = [volume for volume in pod_of(PLAIN)["volumes"] if volume["name"] == "state"]
    assert state["persistentVolumeClaim"]["claimName"] == "fairness-web"


def test_probes_ask_for_a_host_that_is_served_and_a_broker_that_is_away_takes_no_page_away() -> None:
    (container,) = pod_of(FULL)["containers"]
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container[name]["httpGet"]
        assert (probe["path"], probe["httpHeaders"]) == ("/livez", [{"name": "Host", "value": "localhost"}])
    assert container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"] >= 300


def test_it_talks_to_kafka_its_database_and_its_provider_and_nobody_else() -> None:
    (policy,) = of_kind(rendered(FULL), "NetworkPolicy", "-web")
    out = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert out == {53, 9093, 6432, 443}
    (rule,) = policy["spec"]["ingress"]
    assert rule["ports"] == [{"port": 8600, "protocol": "TCP"}]
    allowed = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in rule["from"]]
    assert allowed == ["traefik", "monitoring"]
    (monitor,) = of_kind(rendered(FULL), "PodMonitor", "-web")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["authorization"] == {"credentials": {"name": "web-metrics", "key": "token"}}
    assert {"targetLabel": "job", "replacement": "fairstream-web"} in endpoint["relabelings"]


def test_a_change_of_the_policy_restarts_it() -> None:
    def annotations(text: str) -> dict[str, str]:
        (deployment,) = of_kind(render(FULL, policy={"text": text}), "Deployment", "-web")
        found: dict[str, str] = deployment["spec"]["template"]["metadata"]["annotations"]
        return found

    assert annotations("schema = 1") != annotations("schema = 2")
