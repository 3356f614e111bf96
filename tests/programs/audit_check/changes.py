"""Changes of files at random places: every one is detected, and called what it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.errors import DamagedLogError
from stream_app.programs.audit.verify import Verdict
from tests.support.audit_changes import CHANGES, STRANGER, duplicate_line, rewrite, swap_files, swap_lines, without_line
from tests.support.audit_logs import KEY, WrittenLog

Kind = Callable[[WrittenLog, random.Random], object]


def count_faults(log: WrittenLog, n: int, generator: random.Random) -> dict[str, int]:
    """Return by kind how many of its changes were not detected as what they are.

    Args:
        log: A log that is right; it is as before afterwards.
        n: Number of changes of each kind.
        generator: Chooses the places.
    """
    faults: dict[str, int] = {}
    for name, (change, expected) in CHANGES.items():
        with restored(log):
            change(log)
            faults[name] = int(verdict_of(log) != expected)
    for name, kind in KINDS.items():
        faults[name] = 0
        for _ in range(n):
            with restored(log):
                kind(log, generator)
                faults[name] += verdict_of(log) not in (Verdict.TAMPERED, Verdict.CUT)
    faults["rewritten with the key, from one old checkpoint"] = sum(
        not is_found_from_old_checkpoint(log, generator) for _ in range(n)
    )
    return faults


def flip_bit(log: WrittenLog, generator: random.Random) -> None:
    path = generator.choice([*log.segments, log.checkpoints])
    content = bytearray(path.read_bytes())
    place = generator.randrange(len(content) * 8)
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)


def a_line(log: WrittenLog, generator: random.Random, first: int = 0) -> tuple[Path, int]:
    path = generator.choice(log.segments)
    return path, generator.randrange(first, len(path.read_bytes().splitlines()))


def swap_neighbors(log: WrittenLog, generator: random.Random) -> None:
    path, number = a_line(log, generator, 1)
    swap_lines(path, number, number - 1)


def swap_two_files(log: WrittenLog, generator: random.Random) -> None:
    swap_files(*generator.sample(log.segments, 2))


def cut_end(log: WrittenLog, generator: random.Random) -> None:
    content = log.segments[-1].read_bytes()
    log.segments[-1].write_bytes(content[: generator.randrange(len(content))])


def rewrite_without_key(log: WrittenLog, generator: random.Random) -> None:
    rewrite(log, STRANGER, generator.randrange(_numbers(log)))


KINDS: dict[str, Kind] = {
    "a bit flipped anywhere": flip_bit,
    "any line deleted": lambda log, generator: without_line(*a_line(log, generator)),
    "any line duplicated": lambda log, generator: duplicate_line(*a_line(log, generator)),
    "any two neighbors swapped": swap_neighbors,
    "any two segments swapped": swap_two_files,
    "the end cut anywhere": cut_end,
    "rewritten without the key": rewrite_without_key,
}


def is_found_from_old_checkpoint(log: WrittenLog, generator: random.Random) -> bool:
    """Return whether a log that was rewritten and signed with its own key does not fit a checkpoint from before."""
    number = generator.randrange(_numbers(log) - 4)
    later = [signed for signed in log.kept if signed.checkpoint.size > number + len(log.segments)]
    with restored(log):
        rewrite(log, KEY, number)
        assert verdict_of(log) is Verdict.RIGHT  # by itself
        return log.verify(generator.choice(later).checkpoint).verdict is Verdict.TAMPERED


def verdict_of(log: WrittenLog) -> Verdict:
    """Return what a verification says; a damaged file of checkpoints is tampering too."""
    try:
        return log.verify().verdict
    except DamagedLogError:
        return Verdict.TAMPERED


@contextmanager
def restored(log: WrittenLog) -> Iterator[None]:
    """Put every file back after the block."""
    before = {path: path.read_bytes() for path in [*log.segments, log.checkpoints]}
    try:
        yield
    finally:
        for path, content in before.items():
            path.touch(mode=0o600)
            path.write_bytes(content)


def _numbers(log: WrittenLog) -> int:
    return sum(b'"type":"test"' in line for line in log.lines())
