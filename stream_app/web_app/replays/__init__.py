"""Replays that people start from the web application: a draft compared with the policy in use, or a period verified.

``models`` is the table (``migrations`` makes it), ``apps`` names it to Django. ``periods`` says what may be replayed,
``requests`` starts, restarts and cancels replays, ``trail`` writes them into the audit log and into cases. ``runner``
runs what waits, each as a ``fairstream replay`` in a process of its own, whose arguments ``commands`` makes;
``outcomes`` reads what the command has answered, ``amount_outcomes`` of decisions that are amounts;
``answers`` is what programs read of it.
"""
