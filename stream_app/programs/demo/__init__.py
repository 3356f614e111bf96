"""The demo as real processes on this machine."""
