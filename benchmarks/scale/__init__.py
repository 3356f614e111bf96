"""How FairStream scales, one module per question.

``partitions`` measures CPU time by number of partitions, ``memory`` a long run, ``recovery`` a start on a large state,
``latency`` events and windows by rate. ``worker`` runs one worker, ``command`` all questions.
"""
