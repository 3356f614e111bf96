"""What a platform review asks of every pod: no rights, limits, a pinned image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.charts.helm import Manifest, containers, of_kind, pod_specs, rendered
from tests.support.charts.pod_parts import each_file, worker_of

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm


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
