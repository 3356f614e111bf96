"""A small program that exports what is in a file: ``python exporter.py PORT FILE``.

It takes the place of a worker's ``/metrics``, so that rules can be tried on any value. The file is read at each
scrape; it contains ``{"gauge": {name: [[labels, value], ...]}, "counter": {...}}``. A row that is gone from the file is
gone from the next scrape, as with a worker that gave a partition away.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.registry import Collector


class FileCollector(Collector):
    """Reads the rows at scrape time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self) -> Iterator[Metric]:
        for kind, families in json.loads(self._path.read_text("utf-8")).items():
            for name, rows in families.items():
                family = Metric(name.removesuffix("_total") if kind == "counter" else name, "For a test.", kind)
                for labels, value in rows:
                    family.add_sample(name, labels, value)
                yield family


if __name__ == "__main__":
    registry = CollectorRegistry()
    registry.register(FileCollector(Path(sys.argv[2])))
    start_http_server(int(sys.argv[1]), "127.0.0.1", registry)
    while True:
        time.sleep(60)
