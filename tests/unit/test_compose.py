"""docker-compose.yml and Dockerfile agree with the code, the locks and each other. No daemon is asked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML
from typer.core import TyperGroup

from stream_app import __version__
from stream_app.cli import app, load_commands
from stream_app.edges.kafka.jars import KAFKA_VERSION
from stream_app.settings import load_settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("fairstream:")}


def test_the_compose_file_follows_the_compose_specification() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    answer = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("name", [name for name, service in OURS.items() if "entrypoint" not in service])
def test_each_command_is_one_that_fairstream_understands(name: str) -> None:
    parse([str(part) for part in OURS[name]["command"]])


def test_the_key_service_makes_a_key_file_only_where_there_is_none() -> None:
    commands = OURS["keys"]["command"][0].split(" || ")
    assert commands == ["fairstream keys list", "fairstream keys init"]
    for command in commands:
        parse(command.split()[1:])
    assert OURS["keys"]["volumes"] == ["keys:/var/lib/fairstream"]
    assert OURS["worker"]["volumes"] == ["keys:/var/lib/fairstream:ro"]


@pytest.mark.parametrize("name", OURS)
def test_each_variable_is_a_setting(name: str) -> None:
    environ = {
        variable: re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(value)) for variable, value in OURS[name]["environment"].items()
    }
    assert load_settings(environ).kafka == "kafka:19092"


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_gives_up_rights_and_listens_on_loopback_only(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service.get("read_only", False) == (name in OURS)


def test_versions_are_pinned_and_the_same_everywhere() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert {service["image"] for service in OURS.values()} == {f"fairstream:{__version__}"}
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", bases[0])


def test_the_worker_waits_for_topics_and_keys() -> None:
    done = {"condition": "service_completed_successfully"}
    assert OURS["worker"]["depends_on"] == {"topics": done, "keys": done}
    assert OURS["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}


def test_the_image_runs_as_a_user_without_rights_and_holds_what_the_build_copies() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = [
        part.split("/")[0]
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for part in line.split()[:-1]
    ]
    assert copied
    assert all((ROOT / part).exists() and f"!{part}" in ignored for part in copied)


def test_a_command_that_fairstream_does_not_understand_would_be_noticed() -> None:
    for wrong in (["nope"], ["worker", "--nope"], ["produce", "loans", "--rate", "fast"]):
        with pytest.raises(Exception, match=r"(?i)no such|a valid number"):
            parse(wrong)


def parse(arguments: list[str]) -> None:
    """Parse a command line with the real commands, without running it; a mistake in it is a usage error."""
    load_commands()
    command: Any = typer.main.get_command(app)
    while isinstance(command, TyperGroup):
        _, command, arguments = command.resolve_command(typer.Context(command), arguments)
    command.make_context("fairstream", arguments)
