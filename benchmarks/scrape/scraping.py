"""Scrapes ``/metrics`` of a worker over HTTP, as Prometheus does, and measures the time of each scrape."""

from __future__ import annotations

import threading
import time
import urllib.request
from typing import NamedTuple, Self

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_TIMEOUT_S = 30.0
_ACCEPT = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Scrape(NamedTuple):
    """One answer.

    Attributes:
        seconds: From the connection to the last byte.
        body: The response.
    """

    seconds: float
    body: bytes

    def samples(self) -> list[Sample]:
        """Return every series with its value."""
        families = text_string_to_metric_families(self.body.decode())  # type: ignore[no-untyped-call]
        return [sample for family in families for sample in family.samples]


def scrape(address: str) -> Scrape:
    """Request ``/metrics`` once, on a connection of its own.

    Raises:
        OSError: no answer.
    """
    request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": _ACCEPT})
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  # our own
        body: bytes = answer.read()
    return Scrape(time.perf_counter() - started, body)


def total(samples: list[Sample], name: str) -> float:
    """Return the sum over all series of a name."""
    return sum(sample.value for sample in samples if sample.name == name)


class Scraper(threading.Thread):
    """Scrapes repeatedly during the block.

    Args:
        address: Of the metrics, ``host:port``.
        every_s: Between the starts of two scrapes; the next one starts immediately if a response takes longer.
    """

    def __init__(self, address: str, every_s: float) -> None:
        super().__init__(name="scraper", daemon=True)
        self._address, self._every_s = address, every_s
        self._stopping = threading.Event()
        self._taken: list[Scrape] = []

    def taken(self) -> list[Scrape]:
        """Return the responses so far."""
        return list(self._taken)

    def run(self) -> None:
        """Scrape until the block ends."""
        while not self._stopping.is_set():
            self._taken.append(answer := scrape(self._address))
            self._stopping.wait(max(0.0, self._every_s - answer.seconds))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()
