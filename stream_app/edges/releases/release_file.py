"""``STATE_DIR/releases.jsonl``: what replays have released, on the disk before it is shown.

One line for each run that showed anything new. A line that was only begun is nobody's, as nothing was shown then; the
next writer removes it. Writers wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stream_app.core.releases.ranges import ReleasedSum, find_isolated
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.installation import RELEASES_FILE
from stream_app.edges.files.locks import Turn
from stream_app.edges.files.writing import make_folder
from stream_app.edges.releases.locked_file import LockedFile
from stream_app.errors import ConfigError, ReleaseRefusedError

_TURN = Turn("Another process is noting a release", wait_s=10.0)


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    topic: str
    sums: list[ReleasedSum]


class ReleaseFile(LockedFile):
    """The ledger of releases of a state folder.

    Args:
        state_dir: The folder; created with mode 0700 when missing.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir / RELEASES_FILE, _TURN)

    def release(self, model: str, topic: str, sums: Sequence[ReleasedSum], k: int) -> None:
        """Note sums of people that are shown next, unless they isolate fewer than k beside those of former runs.

        Args:
            model: Name of the model.
            topic: The topic that was read.
            sums: What is to be shown.
            k: Fewest people about which anything may follow.

        Raises:
            ReleaseRefusedError: they do; nothing was noted, and nothing may be shown.
            ConfigError: the file is unsafe, or was changed by something else.
            WriteError: it cannot be written.
        """
        make_folder(self.path.parent)
        with self.locked() as descriptor:
            former = {
                each
                for line in self._lines(descriptor)
                if (line.model, line.topic) == (model, topic)
                for each in line.sums
            }
            new = [each for each in dict.fromkeys(sums) if each not in former]
            if (isolated := find_isolated(former, new, k)) is not None:
                start, end = (
                    datetime.fromtimestamp(time_s, UTC).isoformat() for time_s in (isolated.start_s, isolated.end_s)
                )
                raise ReleaseRefusedError(
                    f"Not shown: beside what was shown of {model} before, this would give a count of fewer than "
                    f"{k} people of {isolated.attribute} between {start} and {end}",
                    action="Take the same range as before, or one that differs by more decisions",
                )
            if new:
                self.append(descriptor, msgspec.json.encode(_Line(model, topic, new)) + b"\n")
        sync_folder(self.path.parent)

    def _lines(self, descriptor: int) -> list[_Line]:
        try:
            return [msgspec.json.decode(line, type=_Line) for line in self.read_lines(descriptor)]
        except msgspec.MsgspecError:
            raise ConfigError(
                f"{self.path} was changed by something else than FairStream", action="Restore it from a backup"
            ) from None
