"""Why two groups differ, statistically: mix or rate, which segments, which features, in one sentence.

``decomposition`` splits a gap exactly into mix and rate by segment, ``features`` compares means and spreads, ``cause``
joins both into one value for the records, and ``sentence`` puts a verdict into words.
"""
