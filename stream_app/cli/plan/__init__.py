"""``fairstream plan``: how long a violation goes undetected, and what a false-alarm budget costs.

``options`` turns flags and policy into a request, ``command`` runs the simulation, ``text`` writes its answers as
tables.
"""
