"""The report of a replay run, one HTML file; only disclosed values are written.

``page`` joins the sections; ``alerts`` lists alerts and causes, ``charts`` draws states, rates and evidence over time,
``amounts`` draws means and their differences for the web application,
``subgroups`` lists the groups that fare worst, and ``tables`` writes verdict, consistency, scenarios and provenance.
"""
