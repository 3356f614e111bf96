"""What the API of this process has: its settings, and the counts of its limits; set once at the start."""

from __future__ import annotations

from stream_app.settings import Settings
from stream_app.web_app.api.access.rates import Buckets

_ANONYMOUS_PER_MIN = 60  # requests without a valid token, of one address


class Running:
    """Settings and counts of one process.

    Args:
        settings: The settings of the web application.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reads = Buckets(settings.api_reads_per_min)
        self.writes = Buckets(settings.api_writes_per_min)
        self.anonymous = Buckets(_ANONYMOUS_PER_MIN)


_running: list[Running] = []


def start_api(settings: Settings) -> None:
    """Begin to count under these settings."""
    _running[:] = [Running(settings)]


def running() -> Running:
    """Return what ``start_api`` has made."""
    return _running[0]
