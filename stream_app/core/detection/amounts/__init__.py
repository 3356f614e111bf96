"""The sequential test of the difference of two mean amounts, by betting.

``evidence`` is the e-value of a period, with the proof; ``usual_amounts`` are the means and spreads before it, by which
the bet is chosen. ``bettor`` does it for many detectors, ``bank`` takes them from alarm to recovery, and
``equivalents`` makes counts of amounts, for the search of onsets.
"""
