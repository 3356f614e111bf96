"""Fairness statistics as functions of counts.

``outcome_rates`` are error rates, their differences and ratios where outcomes are known, ``proxy`` estimates rates of
groups that are known by probabilities only, ``inequality`` asks how unequally decisions benefit people, ``calibration``
compares scores with outcomes, ``consistency`` asks whether similar cases are decided alike, ``disparity`` compares
shares of approvals and denials within segments, ``amounts`` prices, rates and limits, and ``conventions`` restates our
values in the signs and names of other tools.
"""
