"""What a rendered pod runs, as processes on this machine: the same commands, variables and files at other paths.

Volumes are folders. Files of Secrets and ConfigMaps are links with the mode that the pod asks for, as the kubelet makes
them; they belong to this user, though. Only the addresses of ``/metrics`` are others, since all pods share one host.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stream_app.edges.host.ports import HOST, free_port
from stream_app.edges.host.processes import BoundProcess
from tests.support.charts.helm import Manifest
from tests.support.charts.pod_parts import sources_of
from tests.support.paths import ROOT

_ENTRYPOINT = [sys.executable, "-m", "stream_app"]  # that of the image
_PORT, _ADDRESS = "FAIRSTREAM_METRICS_PORT", "FAIRSTREAM_METRICS_HOST"
_INIT_S = 180.0


class Pod:
    """A pod with one container, and others that run before it.

    Args:
        spec: Its specification.
        folder: For its volumes and its log; it must not exist.
        contents: Content of each Secret and ConfigMap by its name, and by the key in it.
    """

    def __init__(self, spec: Manifest, folder: Path, contents: Mapping[str, Mapping[str, str]]) -> None:
        self._spec, self._folder, self._contents = spec, folder, contents
        self.log_path = folder / "log"
        self.metrics_port = free_port()
        folder.mkdir()
        for volume in spec["volumes"]:
            self._make_volume(volume)

    @property
    def log(self) -> str:
        """What it has logged."""
        return self.log_path.read_text("utf-8") if self.log_path.exists() else ""

    @property
    def grace_s(self) -> float:
        """Seconds between SIGTERM and SIGKILL."""
        return float(self._spec["terminationGracePeriodSeconds"])

    @contextmanager
    def running(self) -> Iterator[BoundProcess]:
        """Run the first containers to their ends, then the last one until the block ends."""
        for container in self._spec["initContainers"]:
            command = [self._local(word, container) for word in container["command"]]
            subprocess.run(command, check=True, env=self._environ(container), timeout=_INIT_S)
        (container,) = self._spec["containers"]
        with BoundProcess([*_ENTRYPOINT, *container["args"]], self.log_path, env=self._environ(container)) as process:
            yield process

    def _environ(self, container: Manifest) -> dict[str, str]:
        given = {v["name"]: self._local(v["value"], container) for v in container.get("env", [])}
        given |= {name: value for name, value in ((_ADDRESS, HOST), (_PORT, str(self.metrics_port))) if name in given}
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **given}

    def _local(self, text: str, container: Manifest) -> str:
        """Return a text of the container with the paths that its mounts have here."""
        folders = {mount["mountPath"]: str(self._folder / mount["name"]) for mount in container["volumeMounts"]}
        return re.sub(rf"^({'|'.join(map(re.escape, folders))})(?=/|$)", lambda match: folders[match[0]], text)

    def _make_volume(self, volume: Manifest) -> None:
        folder = self._folder / volume["name"]
        folder.mkdir()
        if "emptyDir" in volume:
            folder.chmod(0o777)
        for source in sources_of(volume):
            content = self._contents[source.get("secretName") or source["name"]]
            for item in source["items"]:
                real = folder / "..data" / item["path"]
                real.parent.mkdir(exist_ok=True)
                real.write_text(content[item["key"]], "utf-8")
                real.chmod(_mode(volume))
                (folder / item["path"]).symlink_to(real.relative_to(folder))


def _mode(volume: Manifest) -> int:
    (source,) = [value for name, value in volume.items() if name != "name"]
    return int(source.get("defaultMode", 0o644))
