"""Keeps what a process has loaded out of Python's collections of garbage, which would stop every request for it."""

from __future__ import annotations

import gc

from django.urls import get_resolver


def spare_what_is_loaded() -> None:
    """Load every address, and look at nothing that exists by now in any later collection.

    A full collection of what Django and its addresses make takes 60 ms, in which no thread runs; one of what requests
    make takes less than one.
    """
    _ = get_resolver().url_patterns  # and with them all views, which the first request would load
    gc.collect()
    gc.freeze()
