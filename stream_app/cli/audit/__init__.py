"""``fairstream audit`` and ``fairstream witness``: the audit log, and its outside witness.

``writing`` creates the log, appends to it and anchors it, ``checking`` verifies it, ``reading`` lists and proves
entries, ``text`` shows them. ``decisions`` lists single decisions. ``witness`` runs a witness.
"""
