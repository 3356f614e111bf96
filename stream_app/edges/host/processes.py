"""Child processes that never outlive their parent.

A broker or worker that a demo or a test starts must end with it, even if the parent is killed with SIGKILL and cannot
clean up. ``PR_SET_PDEATHSIG`` would do this on Linux only, and it fires when the *thread* that started the child ends.
So a small watcher (POSIX shell) keeps the reading end of a pipe whose writing end only the parent has: end of file
means that the parent is gone, whatever the reason.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from stream_app.edges.files.writing import write_errors

GRACE_S = 10.0  # between SIGTERM and SIGKILL

# $1 is the process group to end. The watcher is a member of it, hence the trap.
_WATCHER = """
trap '' TERM INT HUP
read -r _
kill -TERM "-$1" 2>/dev/null
n=0
while [ $n -lt 100 ] && kill -0 "$1" 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
kill -KILL "-$1" 2>/dev/null
"""


class BoundProcess:
    """A child in a process group of its own, bound to the life of this process.

    Ctrl-C in the terminal does not reach it; the parent decides when and in which order its children end.

    Args:
        argv: Program and arguments.
        log_path: File to which stdout and stderr are appended.
        env: Environment; None inherits this process's.
        inherit_fds: Further file descriptors that stay open in the child, for example a lock.

    Raises:
        WriteError: the log cannot be written.
    """

    def __init__(
        self,
        argv: Sequence[str],
        log_path: Path,
        *,
        env: Mapping[str, str] | None = None,
        inherit_fds: Sequence[int] = (),
    ) -> None:
        with write_errors(log_path):
            opened = log_path.open("ab")
        with opened as log:
            self._child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                pass_fds=inherit_fds,
                process_group=0,
            )
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHER, "fairstream-watcher", str(self._child.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=self._child.pid,
        )

    @property
    def pid(self) -> int:
        """Process id of the child, and id of its process group."""
        return self._child.pid

    def exit_code(self) -> int | None:
        """Return the child's exit code (negative: the signal that ended it); None while it runs."""
        return self._child.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child only; nothing happens if it has ended."""
        self._child.send_signal(number)

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the child to end and return its exit code.

        Raises:
            TimeoutError: it is still running.
        """
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"Process {self.pid} is still running after {timeout_s} s") from None

    def stop(self, grace_s: float = GRACE_S) -> int:
        """End the child with SIGTERM, and with SIGKILL if it has not ended after ``grace_s``."""
        self._child.terminate()
        with contextlib.suppress(TimeoutError):
            self.wait(grace_s)
        return self.kill()

    def kill(self) -> int:
        """End the process group with SIGKILL and wait for it; harmless if it has ended."""
        if self._watcher.returncode is not None:  # reaped: the id may belong to another process by now
            return self._child.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self._child.wait()
        self._watcher.wait()
        if self._watcher.stdin:
            self._watcher.stdin.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
