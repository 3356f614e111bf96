"""Secrets and keys are mounted files, and never variables, arguments or objects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stream_app.settings import PREFIX, load_settings
from tests.support.charts.helm import containers, of_kind, pod_specs, rendered
from tests.support.charts.pod_parts import ALL, each_file, environ_of, mounted_files, worker_of

pytestmark = pytest.mark.timeout(1200)  # the first run builds Helm

_SECRET_FILES = (
    *("SASL_PASSWORD", "OAUTH_CLIENT_SECRET", "SSL_KEY", "SSL_KEY_PASSWORD"),
    *("REGISTRY_PASSWORD", "REGISTRY_KEY", "WEB_TOKEN"),
    *("RECORD_KEY", "OTHER_RECORD_KEY", "DATABASE_PASSWORD", "OIDC_CLIENT_SECRET"),
)
_NO_SECRETS = {f"{PREFIX}OAUTH_TOKEN_URL"}  # by its name one could think so


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
