"""How long a violation goes undetected, before anything runs: what ``fairstream plan`` and the benchmark simulate.

``violation`` is a pair of rates that violates a rule, with the fewest decisions that any method needs; ``delays`` runs
the detectors over simulated periods; ``forecast`` asks the questions of a plan: sizes of violations, false-alarm
budgets, comparison periods.
"""
