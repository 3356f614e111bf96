"""What the benchmarks share: a broker with inputs, and processes that are measured.

``bench`` is a broker with inputs and the topics of each run, ``stream`` the inputs and their independent count, and
``broker`` reads and creates topics. ``process`` runs one system and measures it; ``site`` is an installation with a
worker. ``environment`` describes the machine.
"""
