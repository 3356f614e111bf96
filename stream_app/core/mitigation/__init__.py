"""Ways to lessen a disparity, computed from labeled decisions and never applied here.

``reweighing`` gives weights for a training set; ``thresholds`` gives a cut of the score for each group.
"""
