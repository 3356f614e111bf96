"""The command of a replay, and the settings of its process: those of the web application."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from stream_app.edges.files.installation import WEB_REPLAYS
from stream_app.edges.files.writing import make_folder, write_new_file
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings, settings_environ
from stream_app.web_app.replays.models import Replay

_BEHIND = ("nice", "-n", "10")  # the stream and the pages come first


def folder_of(settings: Settings, name: str) -> Path:
    """Return the folder of the log of a replay, and make it; nobody else can read it.

    Raises:
        WriteError: it cannot be written.
    """
    return make_folder(make_folder(Path(settings.state_dir) / WEB_REPLAYS) / name)


def command_of(replay: Replay, model: ModelPolicy, folder: Path) -> list[str]:
    """Return the command of a replay; a draft becomes a file in the folder.

    Raises:
        WriteError: the file cannot be written.
    """
    behind = _BEHIND if shutil.which(_BEHIND[0]) else ()
    command = [*behind, sys.executable, "-m", "stream_app", "replay", replay.kind, "--json", "--model", model.name]
    command += ["--from", str(replay.from_s), "--to", str(replay.to_s)]
    if model.output_topic is not None:
        command.append("--published")  # which needs no key
    if replay.draft is not None:
        path = folder / f"draft-{replay.draft.pk}.toml"
        write_new_file(path, replay.draft.text)
        command += ["--run", replay.run, "--other-policy", str(path)]
    return command


def environ_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a process with the settings of this one."""
    return settings_environ(os.environ, settings)
