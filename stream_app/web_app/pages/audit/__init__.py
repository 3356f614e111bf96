"""The pages of the audit log, for auditors.

``search`` lists entries, ``verify`` checks all of it, ``proof`` gives the proof of an entry, which ``inclusion``
makes.
"""
