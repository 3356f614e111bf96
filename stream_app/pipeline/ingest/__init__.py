"""Ingest, the only step that sees a raw identifier: pseudonymized events, exact counts, dead letters out."""
