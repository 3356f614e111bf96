"""Selecting records of a time range and writing them in other forms."""
