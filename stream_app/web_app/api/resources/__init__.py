"""The routes of the API, one module for each kind of thing.

``health`` is public. ``results`` has the verdicts and ``explanation`` says why one of them is what it is, ``alerts``
has breaches and recoveries, ``policies`` what is monitored. ``monitor_fairness`` and ``audit_history`` are those of the
FairLens specification. ``score`` asks the scoring model of the demo, ``metrics`` says who asks it suspiciously.
"""
