"""The checklists before deployment and during operation: what is checked, and what a person confirms.

``items`` lists the items, and ``confirmations`` reads and appends what people confirm, in the audit log; ``judge`` says
what is known about each item, from settings, policy, confirmations and what commands print.
"""
