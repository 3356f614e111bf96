"""Tags of events that count: a tag never changes a count.

``anomalies`` scores the numbers of events against a reference, ``forest`` is such a reference, ``sample`` reads the
numbers that one is fitted to.
"""
