"""Entry point: run a command, and turn an error or a signal into a clean end: one line on stderr, an exit code."""

from __future__ import annotations

import signal
import sys

from stream_app.cli import load_commands
from stream_app.cli.exits import Exit, exit_code_of
from stream_app.edges.host.client_logs import quiet_client_logs
from stream_app.errors import FairStreamError


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a supervisor's stop is as clean as Ctrl-C, also in the background
        signal.signal(number, signal.default_int_handler)
    quiet_client_logs()
    try:
        load_commands()(prog_name="fairstream")
    except FairStreamError as error:
        print(f"fairstream: {error}", file=sys.stderr)
        sys.exit(exit_code_of(error))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
