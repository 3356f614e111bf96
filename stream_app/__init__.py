"""FairStream: see unfairness and privacy leaks in automated decisions as they happen."""

__version__ = "0.2.0"
