"""Attacks the audit log and counts what a verification says: ``make audit-check``.

``changes`` edits files, ``crashes`` kills writers, fills the disk and lets two write at once, ``rewriting`` computes
another history with real workers, ``speed`` measures, also with ``proof_sizes``.
"""
