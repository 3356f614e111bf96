"""The web application of the demo, on loopback, where its extra is installed: a process of its own, with its own user.

It is started beside the rest and not waited for, so that the first alert comes no later.
"""

from __future__ import annotations

import secrets
import sys
from contextlib import ExitStack
from pathlib import Path

import msgspec

from producers.simulated.control import StreamSetting
from stream_app.edges.files.writing import make_folder, write_new_file
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.servers.shipped import WebTarget
from stream_app.errors import ConfigError
from stream_app.extras import install_command, is_installed
from stream_app.small_file import read_small_file

USER = "demo"
_EXTRA = "web"
_READY = "Web application on "  # what its log says when it answers
_N_BYTES = 12


class DemoSetup(msgspec.Struct, frozen=True):
    """What the web application knows of the demo that it is part of.

    Attributes:
        password: Of the user ``demo``, made for this demo.
        control: File that the producer follows.
        drift_at_s: Event time at which the drift starts by itself.
        stream: The stream from then on.
        token_file: Where it leaves a token for Prometheus; empty for none.
    """

    password: str
    control: str
    drift_at_s: int
    stream: StreamSetting
    token_file: str = ""


class MissingWeb:
    """No web application: its extra is not installed."""

    def lines(self) -> list[str]:
        """Return how to get it."""
        return [f"Web application: not installed. Run: {install_command(_EXTRA)}"]


class DemoWeb:
    """The web application of a demo.

    Args:
        address: Address of the page of the demo.
        password: Of the user ``demo``.
        process: The process.
        log: Its log.
    """

    def __init__(self, address: str, password: str, process: BoundProcess, log: Path) -> None:
        self.address = address
        self.password = password
        self._process = process
        self._log = log

    def lines(self) -> list[str] | None:
        """Return where it is and how to log in, or why it does not run; None while it starts."""
        text = self._log.read_text("utf-8", "replace")
        if _READY in text:
            return [f"Web application on {self.address}", f"  log in as {USER} with the password {self.password}"]
        if self._process.exit_code() is None:
            return None
        return [f"The web application did not start: {(text.splitlines() or ['no reason given'])[-1]}"]


def read_setup(path: str) -> DemoSetup:
    """Read the file that a demo has written for its web application.

    Raises:
        ConfigError: it is no such file.
    """
    try:
        return msgspec.json.decode(read_small_file(Path(path)), type=DemoSetup)
    except (OSError, msgspec.DecodeError):
        raise ConfigError(f"{path} is not the setup of a demo", action="Run: fairstream demo") from None


def planned_target(folder: Path, port: int) -> WebTarget | None:
    """Return where Prometheus will find the web application; None where its extra is not installed.

    Args:
        folder: Folder of ``start_web``.
        port: Its port.
    """
    return WebTarget(f"127.0.0.1:{port}", _token_file(folder)) if is_installed(_EXTRA) else None


def start_web(
    parts: ExitStack,
    folder: Path,
    environ: dict[str, str],
    port: int,
    control: Path,
    drift_at_s: int,
    stream: StreamSetting,
) -> DemoWeb | MissingWeb:
    """Start the web application; it ends with ``parts``.

    Args:
        parts: What ends it.
        folder: Where its database and its log go; nobody else can read it.
        environ: Settings of the demo.
        port: Where it listens, on loopback.
        control: File that the producer follows.
        drift_at_s: Event time at which the drift starts by itself.
        stream: The stream from then on.
    """
    if not is_installed(_EXTRA):
        return MissingWeb()
    token_file = _token_file(folder)
    setup = DemoSetup(secrets.token_urlsafe(_N_BYTES), str(control), drift_at_s, stream, str(token_file))
    state = make_folder(token_file.parent)
    path, log = state / "demo.json", folder / "web.log"
    write_new_file(path, msgspec.json.encode(setup))
    flags = ("--web-port", str(port), "--demo", str(path))
    command = [sys.executable, "-m", "stream_app", "web", "run", *flags]
    process = parts.enter_context(BoundProcess(command, log, env=environ | {"FAIRSTREAM_STATE": str(state)}))
    return DemoWeb(f"http://127.0.0.1:{port}/demo", setup.password, process, log)


def _token_file(folder: Path) -> Path:
    return folder / "web" / "metrics-token"
