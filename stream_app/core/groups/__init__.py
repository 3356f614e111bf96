"""Counts of groups, and the comparison of a group with its reference."""
