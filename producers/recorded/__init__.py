"""Recorded decisions as streams: data sets and CSV files."""
