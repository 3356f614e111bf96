"""Counts of a time range by attribute or intersection, disclosed: what reports and audits of selections need.

``range_counts`` adds up the cells of a range, ``group_table`` makes the disclosed table of an attribute, with each
group beside the highest rate and beside the reference, ``amount_table`` that of decisions that are amounts, and
``choice`` says which tables a person wants.
"""
