"""Simulated amounts: false alarms of the sequential test of mean amounts, and its delay beside an oracle.

``shapes`` are distributions of amounts, ``streams`` draw them in panes and count them by bin, ``false_alarms`` runs the
test where its rule is kept, ``delays`` after a change, beside ``oracle``; ``ratios`` has the streams and changes whose
rule is about a ratio of means. ``coverage`` has the interval of one window, ``progress`` says how far the measurement
is, ``command`` judges, and ``tables`` prints the tables of the documentation.
"""
