"""Outcomes that come late: read, joined to their decisions in one log, and counted by cell."""
