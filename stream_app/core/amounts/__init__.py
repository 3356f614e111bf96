"""Amounts as decisions: a price, a rate or a limit between a least and a greatest one.

``scale`` turns amounts into whole numbers and bins; ``counts`` is how many decisions and which sum each bin of a group
has, and the spread of decisions to the edges of their bins from which means, intervals and evidence come.
"""
