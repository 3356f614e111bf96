"""Two pods of the chart on a secured broker, of which one is scaled down."""

from __future__ import annotations

import re
import signal
from http import HTTPStatus
from pathlib import Path

import pytest

from stream_app.edges.files.key_file import key_file_path
from tests.support.charts.helm import Manifest, of_kind, render
from tests.support.charts.pods import Pod
from tests.support.servers.http_requests import ask
from tests.support.servers.secured.stage import APP_ID, Decisions, Stage
from tests.support.servers.secured.users import password_of

pytestmark = pytest.mark.timeout(900)


SESSION_S = 240
WEB_TOKEN = "a-token-of-a-page-and-not-of-Kafka"  # noqa: S105  # of this test only


@pytest.mark.timeout(1200)  # the first run builds Helm
def test_two_pods_of_the_chart_hand_over_when_one_is_scaled_down(stage: Stage, tmp_path: Path) -> None:
    """The session timeout is twice the limit of the wait: partitions move because the pod leaves, not because it is
    missed."""
    decisions = Decisions(stage)
    stays, goes = (Pod(worker_spec(stage), tmp_path / name, secrets_of(stage)) for name in ("stays", "goes"))

    def has(pod: Pod, n_lanes: int) -> bool:
        changes = re.findall(rf"Lane (opened|closed): topic={stage.raw_topic} partition=(\d)", pod.log)
        newest = {partition: change for change, partition in changes}
        is_all = list(newest.values()).count("opened") == n_lanes
        return is_all and ask(pod.metrics_port, "GET", "/readyz")[0].status == 200

    with stays.running() as staying, goes.running() as going:
        wait = stage.site.wait_until
        wait("each has two partitions", lambda: has(stays, 2) and has(goes, 2))
        decisions.send(1000)
        assert ask(goes.metrics_port, "GET", "/metrics")[0].status == HTTPStatus.UNAUTHORIZED
        going.signal(signal.SIGTERM)
        decisions.send(1000)
        assert going.wait(goes.grace_s) == 0
        wait("the other has all", lambda: has(stays, 4), timeout_s=SESSION_S / 2)
        decisions.send(1000)
        wait("all are published", decisions.are_published)
        assert staying.exit_code() is None
    for pod in (stays, goes):
        assert "Traceback" not in pod.log
        assert password_of("") not in pod.log
        assert WEB_TOKEN not in pod.log


def worker_spec(stage: Stage) -> Manifest:
    """Return the pod of the chart for this stage."""
    manifests = render(
        appId=APP_ID,
        settings={"session_timeout_s": SESSION_S},
        kafka={
            "bootstrapServers": stage.kafka.address("SECURE"),
            "tls": {"caSecret": {"name": "ca"}},
            "sasl": {
                "mechanism": "SCRAM-SHA-512",
                "username": "fairstream-worker",
                "passwordSecret": {"name": "worker"},
            },
        },
        policy={"text": stage.site.policy_file.read_text("utf-8")},
        keysSecret={"name": "keys"},
        web={"tokenSecret": {"name": "web"}},
    )
    (deployment,) = of_kind(manifests, "Deployment", "-worker")
    spec: Manifest = deployment["spec"]["template"]["spec"]
    return spec


def secrets_of(stage: Stage) -> dict[str, dict[str, str]]:
    """Return the Secrets that the chart names, and its own ConfigMap."""
    return {
        "ca": {"ca.crt": stage.kafka.authority.path.read_text("utf-8")},
        "worker": {"password": password_of("fairstream-worker")},
        "web": {"token": WEB_TOKEN},
        "keys": {"pseudonym-keys.json": key_file_path(stage.site.folder).read_text("utf-8")},
        "fs-fairstream-policy": {"policy.toml": stage.site.policy_file.read_text("utf-8")},
    }
