"""Commands that show what the judge published.

``results`` reads results of windows and running totals; ``alerts`` reads breaches and recoveries; ``result_table`` and
``outcome_table`` draw them for people.
"""
