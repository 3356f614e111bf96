"""The demo that this process is part of: its user, and its stream, which the producer reads from a file."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from producers.simulated.control import ControlFile, StreamSetting
from stream_app.edges.files.writing import write_file
from stream_app.programs.demo.web_pages import USER, DemoSetup
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.access.tokens import MAX_DAYS, create

GROUP = "demo"  # its members may change the stream; there is no such group elsewhere

_running: list[DemoSetup] = []


def begin(setup: DemoSetup) -> None:
    """Create the user of a demo, which reads what a viewer reads and may change the stream, and a token for Prometheus.

    Raises:
        WriteError: the file of the token cannot be written.
    """
    _running[:] = [setup]
    user, _ = User.objects.get_or_create(username=USER)
    user.set_password(setup.password)
    user.save()
    user.groups.set([Group.objects.get(name=Role.VIEWER), Group.objects.get_or_create(name=GROUP)[0]])
    if setup.token_file:
        _, text = create("Prometheus of the demo", Role.VIEWER, [Scope.METRICS], MAX_DAYS)
        write_file(Path(setup.token_file), text, is_private=True)


def link(_request: HttpRequest) -> dict[str, bool]:
    """Let every template know whether there is a demo."""
    return {"has_demo": bool(_running)}


def stream() -> StreamSetting:
    """Return how the producer sends now."""
    setup = _running[0]
    by_hand = ControlFile(Path(setup.control)).setting()
    if by_hand is not None:
        return by_hand
    level = setup.stream.drift_level if time.time() >= setup.drift_at_s else 0.0
    return msgspec.structs.replace(setup.stream, drift_level=level)


def change_stream(setting: StreamSetting) -> None:
    """Let the producer send in another way from now on.

    Raises:
        WriteError: the file cannot be written.
    """
    write_file(Path(_running[0].control), msgspec.json.encode(setting), is_private=True)
