"""The report of a run: one HTML file without anything from elsewhere. Only disclosed values go in."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from stream_app.pipeline.disclosed import DisclosedResult
from stream_app.pipeline.replay.manifest import Manifest
from stream_app.policy import ModelPolicy


def write_report(
    manifest: Manifest, results: Mapping[str, list[DisclosedResult]], models: Mapping[str, ModelPolicy]
) -> str:
    """Return the report as HTML."""
    n = sum(len(own) for own in results.values())
    return f"<!doctype html><title>{escape(manifest.run)}</title><p>{n} results of {len(models)} variants"
