"""What may leave: the disclosure rules, and the disclosed form of each record.

``rules`` has each rule once. ``results``, ``outcomes``, ``alerts`` and ``causes`` are the disclosed forms of those
records, ``amounts`` those of decisions that are amounts; ``totals`` gives running totals confidence sequences;
``shown`` selects the newest revisions and applies the rules with the k of each model; ``sealing`` encrypts alerts for
auditors alone; ``ranking`` puts the worst group first; ``verdict`` describes a breach in one short sentence;
``wording`` says states in words; ``rows`` flattens disclosed results for tables.
"""
