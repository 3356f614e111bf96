"""Parts of a rendered pod: the pod of the workers, variables of a container, files of its mounts."""

from __future__ import annotations

import pytest

from tests.support.charts.helm import VALUES_FILES, Manifest, pod_specs

ALL = {path.stem: path for path in VALUES_FILES}
each_file = pytest.mark.parametrize("values", VALUES_FILES, ids=lambda path: path.stem)


def worker_of(manifests: list[Manifest]) -> Manifest:
    """Return the pod of the workers."""
    (pod,) = [pod for name, pod in pod_specs(manifests).items() if name.endswith("-worker")]
    return pod


def environ_of(container: Manifest) -> dict[str, str]:
    """Return the variables of a container."""
    return {variable["name"]: variable["value"] for variable in container.get("env", [])}


def mounted_files(pod: Manifest, container: Manifest) -> set[str]:
    """Return the paths of the files that the volumes put into a container."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    return {
        f"{mount['mountPath']}/{item['path']}"
        for mount in container["volumeMounts"]
        for source in sources_of(volumes[mount["name"]])
        for item in source.get("items", [{"path": "web.yml"}])  # all of a Secret, with the web configuration in it
    }


def sources_of(volume: Manifest) -> list[Manifest]:
    """Return the Secrets and ConfigMaps that a volume has files of."""
    parts = [volume[kind] for kind in ("secret", "configMap") if kind in volume]
    return parts + [inner for part in volume.get("projected", {}).get("sources", []) for inner in part.values()]
