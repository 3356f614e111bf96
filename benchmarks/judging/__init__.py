"""What verdicts cost: one closed pane, one closed window, the state; beside pandas and Fairlearn.

panes    the policy and its counts
own      the judge
peers    the same ratios by others
command  ``python -m benchmarks judge``
"""
