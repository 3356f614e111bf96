"""The audit log of a state folder: opened, verified, proven and anchored.

``places`` names its files and opens it for writing, ``verify`` checks it against its checkpoints, ``prove`` makes
proofs about it, ``prove_record`` one about a record of a topic; ``verify_proof`` is a program of its own that verifies
proofs without this package.
``topics`` reads the topics of a deployment, ``record`` appends what has happened in them, ``recheck`` compares them
with the log. ``events`` appends what a command does, ``decisions`` records and reads single decisions. ``anchor`` puts
the newest checkpoint of the log where its writer cannot change it.
"""
