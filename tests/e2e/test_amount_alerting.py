"""From the rates of loans on the broker to a message: a real worker, Prometheus and Alertmanager, and its templates."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.notify.notification import NotifiedAlert
from stream_app.policy import SHIPPED
from tests.support.servers.alerting import Alerting, need_servers, open_alerting
from tests.support.servers.sites import Site, open_site
from tests.support.servers.templates import as_alert, render_alerts

_DRIFT_FROM_S, _DRIFT_TO_S = 20, 80  # event time after the start
_WINDOWS = 'windows = [{ name = "10s", size_s = 10 }, { name = "30s", size_s = 30 }]'
_TIMEOUT_S = 200.0
_NUMBER = r"\d+(\.\d+)?"


@pytest.mark.timeout(500)
def test_a_breach_of_means_is_reported_in_words_its_commands_work_and_it_is_resolved(
    kafka: str, tmp_path: Path
) -> None:
    need_servers()
    shipped = (SHIPPED / "rates.toml").read_text("utf-8")
    policy = re.sub(r"^rules = ", f"{_WINDOWS}\nrules = ", shipped, flags=re.MULTILINE)
    site = open_site(kafka, tmp_path, f"it-{uuid.uuid4().hex[:8]}", policy, n_partitions=2)
    model, port = f"{site.app_id}-rates", free_port()
    with ExitStack() as parts:
        parts.enter_context(site.worker(FAIRSTREAM_METRICS_PORT=str(port)))
        alerting = parts.enter_context(open_alerting(tmp_path, [f"127.0.0.1:{port}"]))
        start_s = int(time.time()) + 1
        parts.enter_context(_rates(site, model, start_s))

        site.wait_until("the breach is reported", lambda: bool(_about(alerting, "firing")), timeout_s=_TIMEOUT_S)
        alert = _about(alerting, "firing")[0]
        text = render_alerts(tmp_path, "text", as_alert(alert.labels, alert.annotations))
        who = f"female worse off: mean rate {_NUMBER} higher than male; limit 0.25"
        assert re.match(rf"\[FIRING\] {model}: {who}\n", text)
        interval = rf"difference \+{_NUMBER}, 95% interval \+{_NUMBER} to \+{_NUMBER}"
        assert re.search(
            rf"evidence 10\^[\d.]+ against the limit \(10\^[\d.]+ needed\); {interval}; n >= [\d,]+\n", text
        )
        assert "Cause: mainly different amounts within the same segment (+" in text
        assert "approv" not in text
        assert "error expanding template" not in text
        since_s = datetime.fromisoformat(alert.annotations["since"].split(maxsplit=1)[0]).timestamp()
        assert start_s <= since_s <= time.time()

        replay = site.command(*shlex.split(alert.annotations["replay"])[1:])
        assert replay.returncode == 0, replay.stdout + replay.stderr
        scenario = alert.annotations["replay"].replace("verify --published", "compare")
        compared = site.command(*shlex.split(f"{scenario} --set threshold.difference=2")[1:])
        assert "alert lost: gender female, mean worse, " in compared.stdout, compared.stdout + compared.stderr

        site.wait_until("the recovery is reported", lambda: bool(_about(alerting, "resolved")), timeout_s=_TIMEOUT_S)
        over = _about(alerting, "resolved")[0]
        resolved = as_alert(over.labels, over.annotations, ends_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        text = render_alerts(tmp_path, "text", resolved)
        first = rf"\[RESOLVED\] {model}: gender \(decisions\) is back within its limits: the breach ended "
        assert re.match(first + r"20\S+Z \(event time\), after [\dms ]+", text)
        assert re.search(rf"It was: {model}: {who}", text)


def _about(alerting: Alerting, status: str) -> list[NotifiedAlert]:
    """Return the alerts about gender in a status."""
    alerts = [alert for _, alert in alerting.reported("FairnessBreach", status)]
    return [alert for alert in alerts if alert.labels["attribute"] == "gender"]


@contextmanager
def _rates(site: Site, model: str, start_s: int) -> Iterator[None]:
    """Send simulated rates at the pace of the clock: fair, then dearer for women, then fair again."""
    drift = f"0@0,1@{_DRIFT_FROM_S}s,0@{_DRIFT_TO_S}s"
    start = datetime.fromtimestamp(start_s, UTC).isoformat()
    arguments = ["--model", model, "--drift", drift, "--start", start, "--rate", "500", "--seed", "42"]
    command = [sys.executable, "-m", "stream_app", "produce", "rates", *arguments]
    with BoundProcess(command, site.folder / "producer.log", env={**os.environ, **site.environ}):
        yield
