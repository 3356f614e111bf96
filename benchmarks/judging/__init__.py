"""What results cost: one closed pane, one closed window and the state, compared with pandas and Fairlearn.

``panes`` is the policy with its counts, ``judge_cost`` measures the judge, ``peers`` computes the same ratios with
other libraries, and ``command`` prints the figures.
"""
