"""``python -m tests.programs.page_check``: what is sent about a breach, from drift to recovery.

A model with the default windows is fair, breaks the rule, recovers, and breaks it again by less. Prometheus and
Alertmanager are real, with the shipped rules and routes. ``quick`` judges in memory, with event time ahead of the
clock; ``full`` runs broker and worker at the pace of the clock, with ten models and the shipped intervals. ``claims``
says what must be true of the notifications, ``messages`` receives and renders them.
"""
