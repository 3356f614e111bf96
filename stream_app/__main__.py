"""Entry point: run a command, and turn an error or a signal into a clean end: one line on stderr, an exit code."""

from __future__ import annotations

import os
import resource
import signal
import sys

from stream_app.cli import load_commands
from stream_app.cli.exits import Exit, exit_code_of, stop_signals
from stream_app.edges.host.client_logs import quiet_client_logs
from stream_app.edges.host.standard_streams import guard_standard_streams
from stream_app.errors import FairStreamError
from stream_app.printed_text import in_one_line


def main() -> None:
    """Run the command line."""
    for number in stop_signals():  # a supervisor's stop is as clean as Ctrl-C, also in the background
        signal.signal(number, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would contain keys and identifiers
    # Matrices here are small: more threads only wait for one another. Numpy reads it when a command imports it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    guard_standard_streams()
    quiet_client_logs()
    try:
        try:
            load_commands()(prog_name="fairstream")
        finally:
            sys.stdout.flush()
    except FairStreamError as error:
        print(in_one_line(f"fairstream: {error}"), file=sys.stderr)
        sys.exit(exit_code_of(error))
    except OSError as error:  # of a place that no command has foreseen: without it, a traceback and an exit code of 1
        place = error.filename or "a file or a connection"
        reason = error.strerror or type(error).__name__
        print(in_one_line(f"fairstream: Cannot read or write {place} ({reason})"), file=sys.stderr)
        sys.exit(Exit.OUTPUT)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
