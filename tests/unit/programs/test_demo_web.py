"""The web application beside a demo: where it is, why it is not there, and how one logs in."""

from __future__ import annotations

import stat
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from producers.simulated.control import StreamSetting
from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.errors import ConfigError
from stream_app.programs.demo.web_pages import DemoWeb, read_setup, start_web

STREAM = StreamSetting(0.8, 500.0)


def started(tmp_path: Path, parts: ExitStack, program: str) -> DemoWeb:
    log = tmp_path / "web.log"
    process = parts.enter_context(BoundProcess([sys.executable, "-c", program], log))
    return DemoWeb("http://127.0.0.1:1/demo", "the-password", process, log)


def lines_of(web: DemoWeb) -> list[str]:
    deadline = time.monotonic() + 30
    while (lines := web.lines()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return lines


def test_without_the_extra_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "django", None)
    with ExitStack() as parts:
        web = start_web(parts, tmp_path, {}, free_port(), tmp_path / "stream.json", 0, STREAM)
        [line] = web.lines() or []
    assert line.startswith("Web application: not installed. Run: pip install 'django>=")
    assert not list(tmp_path.iterdir())


def test_where_it_is_and_how_to_log_in_is_said_when_it_answers(tmp_path: Path) -> None:
    with ExitStack() as parts:
        program = "import time; print('Web application on http://127.0.0.1:1', flush=True); time.sleep(60)"
        lines = lines_of(started(tmp_path, parts, program))
    assert lines == ["Web application on http://127.0.0.1:1/demo", "  log in as demo with the password the-password"]


def test_why_it_did_not_start_is_said(tmp_path: Path) -> None:
    with ExitStack() as parts:
        assert lines_of(started(tmp_path, parts, "raise SystemExit('the disk is full')")) == [
            "The web application did not start: the disk is full"
        ]
        (tmp_path / "silent").mkdir()
        [line] = lines_of(started(tmp_path / "silent", parts, "raise SystemExit(3)"))
        assert "no reason given" in line


def test_each_demo_has_its_own_password_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    environ = {"PATH": "/nowhere", "FAIRSTREAM_KAFKA": "127.0.0.1:1", "FAIRSTREAM_POLICY": "no-such-policy"}
    passwords = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        with ExitStack() as parts:
            web = start_web(parts, folder, environ, free_port(), folder / "stream.json", 60, STREAM)
            assert isinstance(web, DemoWeb)
            [line] = lines_of(web)
        path = folder / "web" / "demo.json"
        assert "did not start" in line
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        setup = read_setup(str(path))
        assert (setup.password, setup.control, setup.drift_at_s) == (web.password, str(folder / "stream.json"), 60)
        assert len(setup.password) >= 16
        assert web.address.startswith("http://127.0.0.1:")
        passwords.add(setup.password)
    assert len(passwords) == 2


def test_what_is_no_setup_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    for text in ("", "{}", "[1]"):
        path.write_text(text, "utf-8")
        with pytest.raises(ConfigError, match="demo"):
            read_setup(str(path))
    with pytest.raises(ConfigError, match="demo"):
        read_setup(str(tmp_path / "nothing"))
