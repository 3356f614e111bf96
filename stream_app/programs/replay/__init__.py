"""Replay against a broker, one module for each use case.

``verify`` recomputes and compares everything that was published; ``run`` judges a time range under several scenarios,
and ``release`` decides what of it may be shown; ``count`` counts it by attribute and intersection; ``bisect`` searches
for the onset of a change; ``alternatives`` compares other rules; ``live`` reads what the live judge published;
``run_files`` writes and reads the folder of a run; ``sources`` opens the source topic of a model, and ``throttle``
slows a replay down. ``words`` says to people what ``verify`` has found.
"""
