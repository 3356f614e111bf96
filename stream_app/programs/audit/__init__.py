"""The audit log of a state folder: opened, verified, proven and anchored.

``places`` names its files and opens it for writing, ``verify`` checks it against its checkpoints, ``prove`` makes
proofs about it, ``anchor`` puts its newest checkpoint where the writer of the log cannot change it.
"""
