"""Ways to lessen a disparity, computed from labeled decisions and never applied here.

``reweighing`` gives weights for a training set, and ``logistic`` fits a model with them; ``thresholds`` gives a cut of
the score for each group, ``impact_remover`` features with the same distribution in every group. ``trade_off`` says what
less disparity costs.
"""
