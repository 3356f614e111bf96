"""``python -m dashboards`` writes the JSON from the code; with ``--check`` it only compares."""

from __future__ import annotations

import argparse
import sys

from dashboards import store


def main() -> int:
    """Write or compare; return 1 if a file differs from the code."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    if not parser.parse_args().check:
        store.write()
        return 0
    stale = store.stale()
    for path in stale:
        sys.stderr.write(f"{path.relative_to(store.FOLDER)} differs from the code. Run: python -m dashboards\n")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
