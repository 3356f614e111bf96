"""The sequential test of the means of two groups of amounts, by betting: of their difference, or of their ratio.

``evidence`` is the e-value of a period, with the proof; ``usual_amounts`` are the means and spreads before it, by which
the bet is chosen, and ``lines`` makes one question of differences and ratios. ``bettor`` does it for many detectors,
``bank`` takes them from alarm to recovery, and ``equivalents`` makes counts of amounts, for the search of onsets.
"""
