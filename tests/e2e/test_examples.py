"""The programs in ``examples/`` run as their READMEs say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from stream_app.edges.host.processes import BoundProcess
from stream_app.policy import load_policy
from tests.programs.chaos.logs import read_topic
from tests.support.paths import ROOT

pytestmark = pytest.mark.timeout(900)

EXAMPLES = ROOT / "examples"
COMMANDS = re.findall(
    r"^```\n(.*?)^```", (EXAMPLES / "own_topic" / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
SHOWN = (r"breach \(ratio_low\)", "estimated onset 2", r"gender +female +\d+ ")
NOTIFICATION = {
    "status": "firing",
    "receiver": "people",
    "groupLabels": {"alertname": "FairnessBreach", "model": "loans"},
    "alerts": [{"status": "firing", "labels": {"alertname": "FairnessBreach"}, "annotations": {"summary": "Too low"}}],
}


class City:
    """The example ``own_topic`` in a folder of its own, under names that nobody else has on the broker."""

    def __init__(self, kafka: str, folder: Path, app_id: str) -> None:
        shutil.copytree(EXAMPLES, folder / "examples")
        self.folder = folder / "examples" / "own_topic"
        self.notebook = folder / "examples" / "replay_in_a_notebook" / "replay.ipynb"
        for name in ("policy.toml", "produce.py"):
            text = self.folder.joinpath(name).read_text("utf-8")
            self.folder.joinpath(name).write_text(text.replace('"housing', f'"{app_id}-housing'), "utf-8")
        self.environ = os.environ | {
            "FAIRSTREAM_KAFKA": kafka,
            "FAIRSTREAM_POLICY": "policy.toml",
            "FAIRSTREAM_APP_ID": app_id,
            "FAIRSTREAM_METRICS_PORT": "0",
            "PYTHONPATH": str(ROOT),
        }

    def argv(self, line: str) -> list[str]:
        program, *arguments = line.split()
        return [sys.executable, *(["-m", "stream_app"] if program == "fairstream" else []), *arguments]

    def run(self, line: str) -> str:
        done = subprocess.run(
            self.argv(line), cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, line: str) -> Iterator[None]:
        environ = self.environ | {"FAIRSTREAM_STATE": str(self.folder / ".fairstream")}
        environ["FAIRSTREAM_POLICY"] = str(self.folder / "policy.toml")
        with BoundProcess(self.argv(line), self.folder / "worker.log", env=environ):
            yield

    def wait_until_published(self, n: int) -> None:
        """Wait until the worker has published so many decisions."""
        topic = str(load_policy(str(self.folder / "policy.toml")).models[0].output_topic)
        deadline = time.monotonic() + 300
        while (found := sum(1 for _ in read_topic(self.environ["FAIRSTREAM_KAFKA"], topic))) < n:
            assert time.monotonic() < deadline, f"{found} of {n} decisions are published"
            time.sleep(0.5)

    def run_until(self, line: str, is_done: Callable[[str], bool]) -> str:
        deadline = time.monotonic() + 300
        while not is_done(printed := self.run(line)):
            assert time.monotonic() < deadline, printed
            time.sleep(1)
        return printed


@pytest.fixture(scope="module")
def city(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("city")
    return City(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}")


def test_own_topic_becomes_results_and_an_alert(city: City) -> None:
    local_kafka, export, *commands = COMMANDS[0].splitlines()
    assert local_kafka.startswith("fairstream local kafka")  # here the broker of the tests
    assert export.startswith("export FAIRSTREAM_KAFKA=")
    *setup, worker, produce, show = commands
    for line in setup:
        city.run(line)
    with city.running(worker):
        assert city.run(produce).startswith("9000 decisions sent")
        city.run_until(show, lambda text: all(re.search(words, text) for words in SHOWN))
        city.wait_until_published(9000)  # which the notebook replays


def test_the_notebook_replays_that_log(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FAIRSTREAM_KAFKA", "PYTHONPATH"):
        monkeypatch.setenv(name, city.environ[name])
    monkeypatch.delenv("FAIRSTREAM_STATE", raising=False)
    notebook: Any = nbformat.read(city.notebook, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(city.notebook.parent)}}).execute()
    texts = [output_of(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert "ratio_low" in texts[1]
    assert "9000 counted; original, ratio 0.9, five minutes" in texts[2]
    assert "female" in texts[3]
    assert "'gained'" in texts[4]
    assert "rate_lower" in texts[5]


def output_of(cell: Any) -> str:
    return "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def test_the_notebook_is_stored_without_outputs() -> None:
    notebook = json.loads(EXAMPLES.joinpath("replay_in_a_notebook", "replay.ipynb").read_text("utf-8"))
    assert [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"] == [[]] * 6


def test_detection_from_python_prints_the_alarm_and_writes_the_chart(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "detect_from_python" / "detect.py"), str(tmp_path / "chart.svg")]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=True)
    assert "alarm on 2026-02-13, estimated onset 2026-02-10" in done.stdout
    assert tmp_path.joinpath("chart.svg").read_text("utf-8").startswith("<svg")


def test_the_notification_sink_writes_messages_and_rejects_what_is_not_one() -> None:
    command = [sys.executable, str(EXAMPLES / "notification_sink" / "sink.py"), "--port", "0"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            assert process.stdout
            url = process.stderr.readline().split()[-1]
            assert post(url, b"{}") == post(url, b"") == post(url.replace("notify", "other"), b"{}") == 400
            assert post(url, json.dumps(NOTIFICATION).encode()) == 200
            assert process.stdout.readline() == "Subject: [FIRING:1] FairnessBreach loans\n"
        finally:
            process.terminate()


def post(url: str, body: bytes) -> int:
    request = urllib.request.Request(url, body)  # noqa: S310 - the sink's own address
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_every_example_is_listed() -> None:
    listed = set(re.findall(r"\]\((\w+)/", EXAMPLES.joinpath("README.md").read_text("utf-8")))
    assert listed == {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
