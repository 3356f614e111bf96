"""Writers that are killed, that meet a full disk, and that write at once: no acknowledged entry is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stream_app.edges.audit.log import AuditLog
from stream_app.errors import WriteError
from stream_app.programs.audit.verify import Verdict
from tests.support.audit_logs import KEY, WrittenLog, numbered

_SEGMENT_BYTES = 6_000  # so that many moments are those at which a segment begins
_MAX_LIFE_S = 0.06
_STEP = 8


def kill_writers(folder: Path, n: int, generator: random.Random) -> list[str]:
    """Kill a writer again and again at random moments; return what is wrong afterwards."""
    acknowledged = 0
    for _ in range(n):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _write_until_killed(folder, acknowledged, writer)
        os.close(writer)
        time.sleep(generator.random() * _MAX_LIFE_S)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as pipe:
            for line in pipe.read().split(b"\n")[:-1]:
                acknowledged = int(line)
    return _faults(folder, acknowledged, f"{n} kills")


def _write_until_killed(folder: Path, start: int, acknowledgments: int) -> None:
    """Append entries and acknowledge each batch, in a process that never ends by itself."""
    try:
        log = AuditLog(folder, KEY, max_segment_bytes=_SEGMENT_BYTES)
        while True:
            log.append(numbered(start, start + _STEP, log="records"))
            start += _STEP
            os.write(acknowledgments, b"%d\n" % start)
    finally:
        os._exit(1)


def fill_disk(folder: Path, n: int, generator: random.Random) -> list[str]:
    """Let files not grow beyond a random size, which is what a full disk does; return what is wrong afterwards."""
    acknowledged = 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for _ in range(n):
        log = AuditLog(folder, KEY, max_segment_bytes=_SEGMENT_BYTES)
        resource.setrlimit(resource.RLIMIT_FSIZE, (generator.randrange(1, 2 * _SEGMENT_BYTES), limits[1]))
        try:
            with suppress(WriteError):
                for _ in range(20):
                    log.append(numbered(acknowledged, acknowledged + _STEP, log="records"))
                    acknowledged += _STEP
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    return _faults(folder, acknowledged, f"{n} full disks")


def write_at_once(folder: Path, n_writers: int, n: int) -> list[str]:
    """Let several processes append at once; return what is wrong afterwards."""
    children = []
    for writer in range(n_writers):
        child = os.fork()
        if child == 0:
            _run_and_exit(lambda writer=writer: _append_all(folder, f"writer-{writer}", n))  # type: ignore[misc]  # bound now
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    faults = [] if not any(codes) else [f"writers ended with {codes}"]
    sources = [json.loads(line).get("source") for line in WrittenLog(folder).lines()]
    for writer in range(n_writers):
        offsets = [source["offset"] for source in sources if source and source["log"] == f"writer-{writer}"]
        if offsets != list(range(n)):
            faults.append(f"writer {writer} has {len(offsets)} entries of {n}, or not in order")
    return faults + _verdict_faults(folder, f"{n_writers} writers at once")


def _append_all(folder: Path, name: str, n: int) -> None:
    log = AuditLog(folder, KEY, max_segment_bytes=_SEGMENT_BYTES)
    for number in range(n):
        log.append(numbered(number, number + 1, log=name))


def _run_and_exit(work: Callable[[], None]) -> None:
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _faults(folder: Path, acknowledged: int, what: str) -> list[str]:
    """Return what is wrong with a log of numbered entries: each number once, in order, none lost."""
    AuditLog(folder, KEY, max_segment_bytes=_SEGMENT_BYTES).append(
        numbered(acknowledged, acknowledged + 1, log="records")
    )
    entries = [json.loads(line) for line in WrittenLog(folder).lines()]
    found = [entry["data"]["number"] for entry in entries if entry["type"] == "test"]
    faults = _verdict_faults(folder, what)
    if found != list(range(len(found))):
        faults.append(f"after {what} entries are missing, doubled or out of order")
    if len(found) <= acknowledged:
        faults.append(f"after {what} {acknowledged - len(found) + 1} acknowledged entries are lost")
    return faults


def _verdict_faults(folder: Path, what: str) -> list[str]:
    AuditLog(folder, KEY, max_segment_bytes=_SEGMENT_BYTES).checkpoint()
    report = WrittenLog(folder).verify()
    return [] if report.verdict is Verdict.RIGHT else [f"after {what}: {report}"]
