"""docker-compose.yml and Dockerfile agree with the code, the locks and each other. No daemon is asked."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stream_app import __version__
from stream_app.edges.kafka.local.jars import KAFKA_VERSION
from stream_app.programs.worker.record_key import seals_of
from stream_app.settings import Settings, load_settings
from tests.support.paths import ROOT
from tests.support.servers.command_lines import parse

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
DOCUMENT: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("fairstream:")}
SERVERS = [name for name, service in SERVICES.items() if "restart" in service]
VARIABLE = re.compile(r"\$\{\w+:-(.*)\}")


def shipped(path: str) -> Any:
    """Return a YAML file of the repository."""
    return YAML(typ="safe").load(ROOT / path)


def mounts(name: str) -> dict[str, str]:
    """Return where the folders of the repository lie in a container, by their path here."""
    parts = [volume.split(":") for volume in SERVICES[name].get("volumes", [])]
    return {part[0].removeprefix("./"): part[1] for part in parts if part[0].startswith("./")}


def port_of(name: str) -> str:
    """Return the port inside the container that is published."""
    (published,) = SERVICES[name]["ports"]
    return str(published).rpartition(":")[2]


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
    commands = OURS["keys"]["command"][0].splitlines()[0].split(" || ")
    assert commands == ["fairstream keys list", "fairstream keys init", "exit"]
    for command in commands[:2]:
        parse(command.split()[1:])
    assert OURS["keys"]["volumes"] == ["keys:/var/lib/fairstream"]
    assert OURS["worker"]["volumes"] == ["keys:/var/lib/fairstream:ro"]


def test_the_key_service_makes_a_key_of_the_records_only_where_there_is_none(tmp_path: Path) -> None:
    path = OURS["worker"]["environment"]["FAIRSTREAM_RECORD_KEY_FILE"]
    script = "\n".join(OURS["keys"]["command"][0].splitlines()[1:]).replace("$$", "$")
    assert path in script
    words = ["sh", "-c", script.replace(path, str(tmp_path / "record-key"))]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    made = []
    for _ in range(2):
        subprocess.run(words, check=True, timeout=60, env=environ)
        made.append((tmp_path / "record-key").read_text())
    assert made[0] == made[1]
    assert stat.S_IMODE((tmp_path / "record-key").stat().st_mode) == 0o600
    assert seals_of(Settings(record_key_file=str(tmp_path / "record-key"))) is not None


@pytest.mark.parametrize("name", OURS)
def test_each_variable_is_a_setting(name: str) -> None:
    environ = {variable: VARIABLE.sub(r"\1", str(value)) for variable, value in OURS[name]["environment"].items()}
    assert load_settings(environ).connection.checked().servers == "kafka:19092"


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_gives_up_rights_and_listens_on_loopback_only(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service.get("read_only", False) == (name != "kafka"), "Kafka's image writes its settings when it starts"
    assert "privileged" not in service
    if name not in (*OURS, "kafka"):
        assert int(service["user"].partition(":")[0]) > 0


def test_versions_are_pinned_and_the_same_everywhere() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert {service["image"] for service in OURS.values()} == {f"fairstream:{__version__}"}
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}", "${BASE}"]
    [base] = re.findall(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
    assert all(re.search(r":v?\d+\.\d+\.\d+$", service["image"]) for service in SERVICES.values())


def test_the_image_says_what_it_is_and_what_it_is_made_of() -> None:
    prefix = "org.opencontainers.image."
    labels = dict(re.findall(rf'{re.escape(prefix)}([a-z.]+)="([^"]*)"', DOCKERFILE))
    assert labels["licenses"] == tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license"]
    assert labels.keys() == {"title", "description", "licenses", "version", "revision", "base.name"}
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    for name in re.findall(r"\$\{(\w+)\}", " ".join(labels.values())):
        assert re.search(rf"^ARG {name}\b", last_stage, re.MULTILINE), name  # an argument ends with its stage


def test_the_worker_waits_for_topics_and_keys() -> None:
    done = {"condition": "service_completed_successfully"}
    assert OURS["worker"]["depends_on"] == {"topics": done, "keys": done}
    assert OURS["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}


def test_the_image_runs_as_a_user_without_rights_and_holds_what_the_build_copies() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = [
        part for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for part in line.split()[:-1]
    ]
    assert copied
    for part in copied:
        assert (ROOT / part).exists()
        assert {f"!{part}", f"!{part.split('/')[0]}"} & set(ignored), part


@pytest.mark.parametrize("name", SERVERS)
def test_each_server_is_asked_whether_it_works_and_is_started_again(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()
    asked = re.findall(r"(?:127\.0\.0\.1|localhost):(\d+)", " ".join(check["test"]))
    listens = {port_of(name)} if name != "kafka" else {"19092"}
    assert set(asked) == listens


def test_what_has_no_server_ends_by_itself() -> None:
    assert set(SERVICES) - set(SERVERS) == {"topics", "keys", "produce"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_mount_is_there_and_cannot_be_written_from_inside(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, target = volume.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).is_dir(), source
            assert target.endswith(":ro")
        else:
            assert source in DOCUMENT["volumes"]
    assert all(name in str(SERVICES.values()) for name in DOCUMENT["volumes"])


def test_workers_listen_where_prometheus_looks_for_them() -> None:
    (workers, itself, alertmanager) = shipped("deploy/prometheus/prometheus.yml")["scrape_configs"]
    assert workers["dns_sd_configs"] == [{"names": ["worker"], "type": "A", "port": load_settings({}).metrics_port}]
    assert port_of("worker") == str(load_settings({}).metrics_port)
    assert "worker" in SERVICES
    assert itself["static_configs"] == [{"targets": [f"127.0.0.1:{port_of('prometheus')}"]}]
    assert alertmanager["static_configs"] == [{"targets": [f"alertmanager:{port_of('alertmanager')}"]}]


def test_notifications_go_from_prometheus_through_alertmanager_to_the_sink() -> None:
    prometheus = shipped("deploy/prometheus/prometheus.yml")
    (manager,) = prometheus["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": [f"alertmanager:{port_of('alertmanager')}"]}]
    receivers = shipped("deploy/alertmanager/alertmanager.yml")["receivers"]
    urls = {config["url"] for receiver in receivers for config in receiver.get("webhook_configs", [])}
    assert urls == {f"http://notify-sink:{port_of('notify-sink')}/notify"}


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_servers_read_the_files_of_the_repository_and_keep_data_in_a_volume(name: str) -> None:
    flags = dict(flag.split("=", 1) for flag in SERVICES[name]["command"])
    (source, target), *_ = mounts(name).items()
    config = flags["--config.file"]
    assert config.startswith(f"{target}/")
    assert (ROOT / source / config.removeprefix(f"{target}/")).is_file()
    data = flags.get("--storage.tsdb.path") or flags["--storage.path"]
    assert f"{name}-data:{data}" in SERVICES[name]["volumes"]
    assert flags["--web.external-url"] == f"http://127.0.0.1:{port_of(name)}"


def test_grafana_finds_its_data_source_and_its_dashboards() -> None:
    (source,) = shipped("deploy/grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["url"] == f"http://prometheus:{port_of('prometheus')}"
    assert (
        source["jsonData"]["timeInterval"] == shipped("deploy/prometheus/prometheus.yml")["global"]["scrape_interval"]
    )
    (provider,) = shipped("deploy/grafana/provisioning/dashboards/fairstream.yaml")["providers"]
    assert provider["options"]["path"] == mounts("grafana")["dashboards/json"]
    assert provider["options"]["foldersFromFilesStructure"] is True
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (ROOT / "dashboards/json" / home.removeprefix(provider["options"]["path"] + "/")).is_file()
    assert mounts("grafana")["deploy/grafana/provisioning"] == "/etc/grafana/provisioning"


def test_grafana_has_no_password_to_guess_and_calls_nobody() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert not [name for name in environment if "PASSWORD" in name]
    assert {value for name, value in environment.items() if "_ANALYTICS_" in name} == {"false"}


def test_links_in_notifications_lead_to_published_ports() -> None:
    hosts = set()
    for path in sorted((ROOT / "deploy/prometheus/rules").glob("*.yml")):
        hosts |= set(re.findall(r"(?:runbook|dashboard)_url: http://([\d.:]+)/", path.read_text("utf-8")))
    assert hosts == {f"127.0.0.1:{port_of('notify-sink')}", f"127.0.0.1:{port_of('grafana')}"}


def test_a_command_that_fairstream_does_not_understand_would_be_noticed() -> None:
    for wrong in (["nope"], ["worker", "--nope"], ["produce", "loans", "--rate", "fast"]):
        with pytest.raises(Exception, match=r"(?i)no such|a valid number"):
            parse(wrong)
