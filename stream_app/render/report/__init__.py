"""The report of a replay run, one HTML file; only disclosed values are written.

``page`` joins the sections; ``alerts`` lists alerts and causes, ``amounts`` draws and writes means and their
differences, ``charts`` draws states, rates and evidence over time, ``subgroups`` lists the groups that fare worst, and
``tables`` writes verdict, consistency, scenarios and provenance.
"""
