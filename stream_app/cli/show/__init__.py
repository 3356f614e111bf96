"""Commands that show what the judge published.

``results`` reads results of windows and running totals, the published ``counts`` of cameras, or ``hours`` of areas;
``alerts`` reads breaches and recoveries, ``decrypt`` sealed ones; ``result_table``, ``outcome_table`` and
``alert_text`` describe them for people, and ``other_models`` names what is not shown.
"""
