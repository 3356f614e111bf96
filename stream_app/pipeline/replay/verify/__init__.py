"""Recomputing every published record and comparing it byte for byte."""
