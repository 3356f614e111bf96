"""Recomputing every published record of a model and comparing it byte for byte.

``verification`` runs the comparison, ``inputs`` is what it reads, and ``beginning`` decides where it begins;
``compared_range`` says which records are compared, and ``published_before`` which ones are from before a checkpoint;
``recomputation`` makes the records again from the journal and the source logs; ``matching`` pairs them with the
published ones, and ``reproduced_alerts`` names the alerts among them; ``difference`` names the first field that
differs; ``divergence`` locates the source partition whose counts differ; ``join_logs`` opens the outcome-join topics of
a model, ``outcome_cursor`` joins one partition again.
"""
