"""``fairstream audit`` and ``fairstream witness``: the audit log, and its outside witness.

``writing`` creates the log, appends to it and anchors it, ``checking`` verifies it, ``reading`` lists and proves
entries, ``counting`` counts them, ``text`` shows them. ``decisions`` lists single decisions, ``deletion`` deletes
stored ones. ``witness`` runs a witness.
"""
