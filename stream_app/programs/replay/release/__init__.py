"""What replays may show beside everything that was shown before of the same log.

``former`` opens the ledger of releases; ``scenarios`` is about judged windows, ``tables`` about counts, groups and
pairs, ``parts`` about parts of a pair, ``cases`` about the cases of a mitigation, and ``search`` about cuts of scores.
"""
