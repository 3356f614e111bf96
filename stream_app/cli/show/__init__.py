"""Commands that show what the judge published.

``results`` reads results of windows and running totals, published ``counts``, ``hours`` of areas, or ``amounts``;
``alerts`` reads breaches and recoveries, ``decrypt`` sealed ones; ``result_table``, ``outcome_table`` and
``alert_text`` describe them for people, and ``other_models`` names what is not shown.
"""
