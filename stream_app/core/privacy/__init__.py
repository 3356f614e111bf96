"""Keyed pseudonyms."""
