"""``STATE_DIR/releases.jsonl``: what was shown of ranges that people chose, on the disk before it is shown.

One line for each command that showed or withheld anything new: for each group the moments that its counts connect, with
the running count at each (``core.releases.tracks``); what was withheld, without its number. A line that was only begun
is nobody's, as nothing was shown then; the next writer removes it. Writers wait for each other. Many lines become one
for each log, in a new file that replaces the old one in one step: what follows from others is not kept.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from stream_app.core.releases.knowledge import Knowledge, StoredChain, WithheldCount
from stream_app.core.releases.tracks import Moment
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.installation import RELEASES_FILE
from stream_app.edges.files.locks import Turn
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.edges.releases.locked_file import LockedFile
from stream_app.errors import ConfigError

_TURN = Turn(
    "Another replay is being compared with former ones",
    wait_s=300.0,
    action="Run the command again when that has ended",
)
_MOST_LINES = 50
_MOST_BYTES = 256 * 2**20


class _Set(NamedTuple):
    attribute: str
    members: tuple[tuple[str, ...], ...]
    values: list[int]


class _Chains(NamedTuple):
    """The chains that have the same moments."""

    moments: list[int | float]
    sets: list[_Set]


class _Withheld(NamedTuple):
    """The ranges in which a set was withheld: start and end of each, one after the other."""

    attribute: str
    members: tuple[tuple[str, ...], ...]
    ends: list[int | float]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str
    topic: str
    chains: list[_Chains]
    withheld: list[_Withheld] = []
    shown: list[_Chains] | None = None  # None in lines of before 0.5


class ReleaseFile(LockedFile):
    """The ledger of releases of a state folder.

    Args:
        state_dir: The folder; created with mode 0700 when missing.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir / RELEASES_FILE, _TURN)

    @contextmanager
    def release(self, model: str, topic: str, k: int) -> Iterator[Knowledge]:
        """Yield what is known of a log, and note after the block what that has added. Nothing is noted after an error.

        What is shown must be shown after the block.

        Args:
            model: Name of the model.
            topic: The topic that is read.
            k: Fewest people about which anything may follow.

        Raises:
            ConfigError: the file is unsafe, is full, or was changed by something else.
            WriteError: it cannot be written.
        """
        make_folder(self.path.parent)
        with self.locked() as descriptor:
            lines = self._lines(descriptor)
            own = [line for line in lines if (line.model, line.topic) == (model, topic)]
            knowledge = Knowledge(k, _stored(own), _withheld(own), _shown(own))
            yield knowledge
            news, withheld, shown = knowledge.news(), knowledge.newly_withheld(), knowledge.newly_shown()
            if news or withheld or shown:
                lines.append(_Line(model, topic, _shared(news), _by_set(withheld), _shared(shown)))
                self._note(descriptor, lines)
        sync_folder(self.path.parent)

    def _note(self, descriptor: int, lines: Sequence[_Line]) -> None:
        """Write the last line; join all of them where they are many, or the file would be too large."""
        line = _encode(lines[-1])
        is_full = os.fstat(descriptor).st_size + len(line) > _MOST_BYTES
        if not is_full:
            self.append(descriptor, line)
        if not is_full and len(lines) <= _MOST_LINES:
            return
        joined = b"".join(map(_encode, _joined(lines)))
        if len(joined) > _MOST_BYTES:
            raise self._full()
        write_file(self.path, joined, is_private=True)

    def _full(self) -> ConfigError:
        return ConfigError(
            f"{self.path} is full: it may have {_MOST_BYTES:,} bytes, so nothing new can be compared with former "
            "replays, and nothing is shown",
            action="Run a former command again, or open its results (fairstream replay list): that needs no room. Or "
            "ask for fewer windows. With an empty state folder, readers of former results can subtract",
        )

    def _lines(self, descriptor: int) -> list[_Line]:
        try:
            return [msgspec.json.decode(line, type=_Line) for line in self.read_lines(descriptor)]
        except msgspec.MsgspecError:
            raise ConfigError(
                f"{self.path} was changed by something else than FairStream", action="Restore it from a backup"
            ) from None


def _joined(lines: Sequence[_Line]) -> Iterator[_Line]:
    """Yield one line for each log: what follows from all of its lines, and no more."""
    of_log: dict[tuple[str, str], list[_Line]] = defaultdict(list)
    for line in lines:
        of_log[line.model, line.topic].append(line)
    for (model, topic), own in of_log.items():
        everything, shown = (Knowledge(0, each).everything() for each in (_stored(own), _shown(own)))
        yield _Line(model, topic, _shared(everything), _by_set(dict.fromkeys(_withheld(own))), _shared(shown))


def _stored(lines: Iterable[_Line]) -> Iterator[StoredChain]:
    return (chain for line in lines for chain in _read(line.chains))


def _shown(lines: Iterable[_Line]) -> Iterator[StoredChain]:
    return (chain for line in lines for chain in _read(line.chains if line.shown is None else line.shown))


def _read(chains: Iterable[_Chains]) -> Iterator[StoredChain]:
    for moments, sets in chains:
        for attribute, members, values in sets:
            yield StoredChain(attribute, members, moments, values)


def _withheld(lines: Iterable[_Line]) -> Iterator[WithheldCount]:
    for line in lines:
        for attribute, members, ends in line.withheld:
            for start, end in zip(ends[::2], ends[1::2], strict=True):
                yield WithheldCount(attribute, members, start, end)


def _by_set(withheld: Iterable[WithheldCount]) -> list[_Withheld]:
    of_set: dict[tuple[str, tuple[tuple[str, ...], ...]], list[Moment]] = defaultdict(list)
    for attribute, members, start, end in withheld:
        of_set[attribute, members] += start, end
    return [_Withheld(*people, ends) for people, ends in of_set.items()]


def _shared(stored: Iterable[StoredChain]) -> list[_Chains]:
    """Return chains with the moments of several once."""
    by_moments: dict[tuple[Moment, ...], _Chains] = {}
    for attribute, members, moments, values in stored:
        chains = by_moments.setdefault(tuple(moments), _Chains(list(moments), []))
        chains.sets.append(_Set(attribute, members, values))
    return list(by_moments.values())


def _encode(line: _Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"
