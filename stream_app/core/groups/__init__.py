"""Counts of groups, and the comparison of a group with its reference.

``counts`` is what everything is made of; ``comparison`` has ratio, gap and the plain rules of one pair,
``highest_group`` compares with the group of the highest rate. ``subgroups`` lists every intersection, ``marginals``
counts them all, ``amount_marginals`` their amounts, and ``memberships`` adds up probabilities of membership.
``allocations`` bounds what the decisions of unknown groups could change.
"""
