"""Why two groups differ, statistically: mix or rate, which segments, which features, in one sentence.

``decomposition`` splits a gap exactly into mix and rate by segment, ``over_time`` over periods too, and ``certainty``
says which of these parts may be named without naming chance; ``amounts`` does so for a difference of mean amounts.
``features`` compares means and spreads, ``cause`` joins all of it into one value for the records, and ``sentence`` puts
a verdict into words.
"""
