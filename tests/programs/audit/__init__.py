"""``python -m tests.programs.audit``: known vulnerabilities of the locked packages, and patterns of insecure code.

``findings`` runs pip-audit and bandit and reads what they report; ``exceptions`` reads ``requirements/audit.toml``, in
which a finding is accepted for a reason and until a day.
"""
