"""Drawings and pages without scripts or external files.

``svg`` draws shapes; ``detection_chart`` is the chart of ``fairstream detect``, made of frames (``chart_panel``) and
labeled events (``chart_marks``); ``charts`` draws lines, states and bars of a report, ``html_table`` its tables;
``report`` writes the report of a run as one HTML file, ``bundle`` the page of a compliance bundle, ``alternatives``
draws and reports a search for alternatives, and ``mitigation`` draws what less disparity costs. ``paper`` is
the shell of reports, which prints well, and ``escaping`` makes text of others harmless in all of them.
"""
