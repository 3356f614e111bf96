"""Running programs and use cases: each folder composes parts of ``edges`` and ``pipeline``, then runs them.

``worker`` is the worker process; ``demo`` runs broker, worker, producer and monitoring on this machine; ``replay``
verifies, judges again, counts and bisects against a broker; ``export`` writes single records into a file; ``audit``
opens, verifies and anchors the audit log; ``report`` writes compliance bundles; ``checklist`` judges what must be in
place, ``retention`` how long topics keep records, and ``incidents`` records what went wrong; ``uninstall`` deletes a
deployment. Logic about data is in ``pipeline``: here readers, files, settings and clocks are opened.
"""
