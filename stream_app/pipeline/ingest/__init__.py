"""Ingest, the only step that sees a raw identifier: pseudonymised events, exact counts, dead letters out."""
