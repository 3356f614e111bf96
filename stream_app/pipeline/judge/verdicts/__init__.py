"""From the cells of a window to the records that describe it.

``window_context`` is a window without its cells. ``decisions`` and ``outcomes`` turn cells into results, with ``rows``
(one group of a result), ``outcome_sums`` (decisions against outcomes by group) and ``causes`` (why groups differ).
``alerts`` and ``question_alerts`` describe alarms about decisions, and about outcomes and scores; ``proxies`` does both
for groups that are known by probabilities; ``aggregates`` is what may be published of counts, ``allocations`` compares
hours of areas, ``amounts`` is about amounts; ``limits`` has the limits of a policy as exact numbers.
"""
