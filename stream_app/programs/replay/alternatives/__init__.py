"""Other rules than the one that decided, and remedies, from one pass over the log; nothing is applied.

``search`` counts every alternative, and ``search_files`` writes what it found; ``mitigate`` computes weights, cuts by
group, repaired features and what they cost, and ``mitigation_files`` writes them.
"""
