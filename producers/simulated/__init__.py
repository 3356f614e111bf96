"""Simulated decisions, outcomes and camera tracks."""
