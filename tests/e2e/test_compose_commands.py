"""The flags that docker-compose.yml gives to Prometheus and Alertmanager are ones that these programs have."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stream_app.edges.servers import alertmanager, prometheus
from stream_app.edges.servers.process import LocalServer, find_program
from stream_app.errors import DependencyMissingError
from tests.support.paths import ROOT
from tests.support.tiers import skip_or_fail

SERVICES = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
PACKAGES = {"prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}
PROGRAMS = {"prometheus": prometheus.PROGRAMS, "alertmanager": alertmanager.PROGRAMS}


def help_of(*names: str) -> str:
    """Return what an installed program says about its flags."""
    program = find_program(*names)
    if program is None:
        skip_or_fail(f"{names[0]} is not installed")
    answer = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    return answer.stdout + answer.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_flag_is_known(name: str) -> None:
    known = set(re.findall(r"(--[a-z][a-z.-]+)", help_of(*PROGRAMS[name])))
    given = {flag.partition("=")[0] for flag in SERVICES[name]["command"]}
    assert len(given) >= 3
    assert given <= known


class AsComposed(LocalServer):
    """A server of docker-compose.yml on this machine: its flags, with the paths of the repository for the mounts."""

    def __init__(self, name: str, state_dir: Path) -> None:
        super().__init__(name, PROGRAMS[name], PACKAGES[name], state_dir)
        self._service = SERVICES[name]

    def arguments(self) -> list[str]:
        """Return the flags of the file, and a free port instead of the published one."""
        flags = list(self._service["command"])
        for volume in self._service["volumes"]:
            source, target, *_ = volume.split(":")
            here = ROOT / source if source.startswith("./") else self.state_dir / source
            flags = [flag.replace(f"={target}", f"={here}") for flag in flags]
        return [*flags, f"--web.listen-address={self.address}"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_server_starts_with_these_flags_and_the_shipped_files(name: str, tmp_path: Path) -> None:
    try:
        with AsComposed(name, tmp_path) as server:
            assert server.is_ready()
    except DependencyMissingError as missing:
        skip_or_fail(str(missing))


def test_amtool_understands_the_question_whether_alertmanager_works() -> None:
    _, name, *arguments = SERVICES["alertmanager"]["healthcheck"]["test"]
    program = find_program(name)
    if program is None:
        skip_or_fail(f"{name} is not installed")
    asked = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True, check=False)
    assert asked.returncode == 0
    assert "amtool config show" in asked.stdout + asked.stderr
    unknown = subprocess.run([program, "--no-such-flag"], capture_output=True, check=False)
    assert unknown.returncode != 0
