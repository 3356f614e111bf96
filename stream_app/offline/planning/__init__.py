"""How long a violation goes undetected, before anything runs: what ``fairstream plan`` and the benchmark simulate.

``violation`` is a pair of rates that violates a rule, with the fewest decisions that any method needs; ``delays`` runs
the detectors over simulated periods. ``request`` is what a plan is about and ``facts`` its answers; ``forecast`` finds
them: delays by size of the violation, by false-alarm budget and by comparison period.
"""
