"""``python -m dashboards`` writes the JSON from the code; with ``--check`` it only compares."""

from __future__ import annotations

import argparse
import sys

from dashboards import store


def main() -> int:
    """Write or compare; 1 when a file is not what the code says."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 when a file is stale")
    if not parser.parse_args().check:
        store.write()
        return 0
    stale = store.stale()
    for path in stale:
        sys.stderr.write(f"{path.relative_to(store.FOLDER)} is not what the code says: python -m dashboards\n")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
