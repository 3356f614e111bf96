"""Helm: the one on PATH, or one built from its published source, once for each version."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from stream_app.edges.kafka.local.jars import default_cache_dir
from tests.support.charts.go_modules import build_program
from tests.support.paths import ROOT

HELM_VERSION = "v3.19.0"
CHART = ROOT / "deploy" / "helm" / "fairstream"
VALUES_FILES = sorted((ROOT / "deploy" / "helm" / "ci").glob("*.yaml"))
RELEASE, NAMESPACE = "fs", "monitored"
_KUBERNETES = "1.30"  # a Helm that was built here says 1.20
_TIMEOUT_S = 300.0

Manifest = dict[str, Any]


def need_helm() -> str:
    """Return the path of Helm; skip the test, or fail it in CI, if there is none and none can be built."""
    if found := shutil.which("helm"):
        return found
    folder = default_cache_dir() / f"helm-{HELM_VERSION}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:  # one process builds, the others wait for it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "helm").exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
                build_program(f"helm.sh/helm/v3/cmd/helm@{HELM_VERSION}", Path(staging))
                folder.mkdir(exist_ok=True)
                (Path(staging) / "helm").rename(folder / "helm")
    return str(folder / "helm")


def run_helm(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of Helm to its end."""
    return subprocess.run(
        [need_helm(), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )


def template(values: Path | None = None, **overrides: Any) -> subprocess.CompletedProcess[str]:
    """Run ``helm template`` with a file of values, and others that take precedence."""
    files = ["-f", str(values)] if values else []
    return run_helm(
        *("template", RELEASE, CHART, "--namespace", NAMESPACE, "--kube-version", _KUBERNETES),
        *(*files, "-f", "-"),
        stdin=json.dumps(overrides),
    )


def render(values: Path | None = None, **overrides: Any) -> list[Manifest]:
    """Return the objects that the chart makes of values.

    They are read as YAML 1.1, as Kubernetes does: ``0440`` is an octal number.
    """
    answer = template(values, **overrides)
    assert answer.returncode == 0, answer.stderr
    return [manifest for manifest in yaml.load_all(answer.stdout, yaml.CSafeLoader) if manifest]


@lru_cache
def rendered(values: Path) -> list[Manifest]:
    """Return the objects of a file of values; rendered once and shared, so nobody may change them."""
    return render(values)


def of_kind(manifests: list[Manifest], kind: str, name: str = "") -> list[Manifest]:
    """Return the objects of a kind whose names end so."""
    return [m for m in manifests if m["kind"] == kind and m["metadata"]["name"].endswith(name)]


def pod_specs(manifests: list[Manifest]) -> Mapping[str, Manifest]:
    """Return the specification of each kind of pod, by the name of what makes it."""
    return {m["metadata"]["name"]: m["spec"]["template"]["spec"] for m in manifests if "template" in m.get("spec", {})}


def containers(pod: Manifest) -> list[Manifest]:
    """Return all containers of a pod, those that run first included."""
    return [*pod.get("initContainers", []), *pod["containers"]]
