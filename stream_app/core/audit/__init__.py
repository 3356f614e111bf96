"""The arithmetic of the audit log: entries, their Merkle tree, signed checkpoints and the rules of a witness.

``canonical`` writes a JSON value in the one form of RFC 8785, ``entries`` the line of an entry; ``chain`` verifies
lines in their order. ``merkle`` has the append-only tree of RFC 6962, ``proofs`` its inclusion and consistency proofs,
and ``inclusion`` the first as a document. ``notes`` signs and verifies C2SP signed notes, also with the cosignature of
a witness; ``checkpoints`` are the notes that fix size and root of a log; ``blocks`` commits to the records of a topic,
and ``compact`` makes the proof of one small; ``witnessing`` decides what a witness cosigns.
"""
