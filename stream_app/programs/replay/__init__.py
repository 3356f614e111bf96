"""Replay against a broker, one module for each use case.

``verify`` recomputes and compares everything that was published; ``run`` judges a time range under several scenarios,
and ``release`` decides what of it may be shown; ``bisect`` searches for the onset of a change; ``live`` reads what the
live judge published; ``run_files`` writes and reads the folder of a run; ``sources`` opens the source topic of a model,
and ``throttle`` slows a replay down.
"""
