"""Ingest, the only part that sees raw identifiers: pseudonymized events, exact counts and dead letters out.

``step`` is the lane of a topic of decisions or camera events, ``outcome_step`` the lane of a topic of outcomes.
``reading`` decodes and checks records by the ``fields`` of the policy, ``values`` reads what needs more than its JSON
type, ``dropped`` counts fields that the policy does not name, ``cameras`` is what is special about cameras, and
``event_batch`` has what was read as columns. ``admission`` decides which records count, by the decisions too
(``decided``); ``counting`` counts them by pane and cell; ``deduplication_log`` stores the remembered event ids.
``writers`` has one writer for each kind of record that leaves, ``report`` is what the lanes report after a commit.
``sample`` shows, before anything runs, how records fit a policy; ``sampled`` has parts of what it reports. ``tags``
tags events that count, which changes no count.
"""
