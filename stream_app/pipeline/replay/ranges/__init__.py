"""Judging a time range again under one or several scenarios."""
