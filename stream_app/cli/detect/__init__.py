"""``fairstream detect``: the sequential detectors over a file of counts, without a broker.

``command`` reads the file, runs the detectors and prints; ``options`` contains its flags and the plan that they make;
``text`` writes tables and one sentence for people.
"""
