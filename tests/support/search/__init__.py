"""Alternatives to a decision rule: ``records`` has a log of credits with its outcomes, ``runs`` search in it."""
