"""The report of a replay run, one HTML file; only disclosed values are written.

``page`` joins the sections; ``alerts`` lists alerts and causes, ``charts`` draws states, rates and evidence over time,
and ``tables`` writes verdict, subgroups, consistency, scenarios and provenance.
"""
