"""Drawings and pages: SVG, charts, HTML tables and reports."""
