"""Replay against a broker: run, verify, bisect, and the folder of a run."""
