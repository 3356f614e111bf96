"""Fairness statistics as functions of counts.

``outcome_rates`` are error rates and their differences where outcomes are known, ``calibration`` compares scores with
outcomes, ``consistency`` asks whether similar cases are decided alike, and ``conventions`` restates our values in the
signs and names of other tools.
"""
