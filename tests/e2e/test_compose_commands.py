"""The flags that docker-compose.yml gives to Prometheus and Alertmanager are ones that these programs have."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stream_app.edges.servers import alertmanager, prometheus
from stream_app.edges.servers.process import find_program
from tests.tiers import skip_or_fail

SERVICES = YAML(typ="safe").load(Path(__file__).parents[2] / "docker-compose.yml")["services"]
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
