"""Joins parts into running programs; no logic about data."""
