"""``fairstream checklist``: what is checked before deployment and during operation, and what people confirm.

``show`` prints a list with the state of each item, ``confirm`` records in the audit log that a person has done one.
"""
